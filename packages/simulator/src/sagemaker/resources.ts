import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  CreateModelPackageInput,
  Tag,
} from '@aws-sdk/client-sagemaker';
import type { Account } from '../core/account.ts';
import { requestedPage } from '../core/page.ts';
import { validation } from './errors.ts';
import { checkName, packageGroupArn, resourceArn } from './names.ts';

/** What every resource has. */
export interface Resource {
  readonly name: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly created: number;
  readonly status?: string;
  Tags?: Tag[] | undefined;
}

/** A model, as created. */
export interface SageMakerModel extends Resource, CreateModelInput {
  readonly ExecutionRoleArn: string;
}

/** An endpoint config, as created. */
export interface EndpointConfig extends Resource, CreateEndpointConfigInput {}

/** A version in a model package group. */
export interface ModelPackageVersion extends Resource {
  readonly version: number;
  /** Absent: not changed yet. */
  modified?: number;
  /** As created, with the changes since. */
  settings: Omit<CreateModelPackageInput, 'ModelPackageGroupName' | 'ModelPackageName'>;
}

export interface ModelPackageGroup extends Resource {
  readonly description?: string;
  /** Its resource policy, as put. */
  policy?: string;
  readonly packages: ModelPackageVersion[];
  /** Number of versions that there ever were. */
  versions: number;
}

/** How SageMaker names the resources of a kind. */
interface Kind {
  readonly arnOf: (account: Account, name: string | undefined) => string;
  /** The message for a resource that does not exist. */
  readonly missing: (arn: string) => string;
  /** The message for a new resource whose name is taken. */
  readonly taken: (arn: string) => string;
}

const kind = (name: string, arnType = name): Kind => ({
  arnOf: (account, resource) => resourceArn(account, arnType, resource),
  missing: (arn) => `Could not find ${name} "${arn}".`,
  taken: (arn) => `Cannot create already existing ${name} "${arn}".`,
});

export const KINDS = {
  model: kind('model'),
  config: kind('endpoint configuration', 'endpoint-config'),
  endpoint: kind('endpoint'),
  /** Can be named by their ARNs, too. That they cannot be created twice has an unverified message. */
  packageGroup: {
    arnOf: packageGroupArn,
    missing: (arn) => `ModelPackageGroup ${arn} does not exist.`,
    taken: (arn) => `Model Package Group already exists: ${arn}`,
  },
} as const satisfies Record<string, Kind>;

/** The resources of one kind. Names that differ only in case are the same resource. */
export class Resources<R extends Resource> {
  readonly #account: Account;
  readonly #kind: Kind;
  /** By ARN in lower case. */
  readonly #resources = new Map<string, R>();

  constructor(account: Account, kind: Kind) {
    this.#account = account;
    this.#kind = kind;
  }

  all(): R[] {
    return [...this.#resources.values()];
  }

  arnOf(name: string | undefined): string {
    return this.#kind.arnOf(this.#account, name);
  }

  /** What the permission for a request is needed on: `*` without a name. */
  permissionOn(name: string | undefined): string {
    return name === undefined ? '*' : this.arnOf(name);
  }

  get(name: string | undefined): R | undefined {
    return this.#resources.get(this.arnOf(name).toLowerCase());
  }

  /** Throws ValidationException if there is none. */
  find(name: string | undefined): R {
    const found = this.get(name);
    if (!found) throw validation(this.#kind.missing(this.arnOf(name)));
    return found;
  }

  /** Name and ARN for a new resource. Throws ValidationException for a name or tags that it cannot have. */
  checkNew(member: string, name: string | undefined, tags?: readonly Tag[]): Pick<R, 'name' | 'arn'> {
    checkName(member, name);
    checkTags(tags);
    if (this.get(name)) throw validation(this.#kind.taken(this.arnOf(name)));
    return { name, arn: this.arnOf(name) };
  }

  /** Throws ValidationException if the name is taken. */
  add(resource: R): void {
    if (this.get(resource.name)) throw validation(this.#kind.taken(resource.arn));
    this.#resources.set(resource.arn.toLowerCase(), resource);
  }

  remove({ arn }: R): void {
    this.#resources.delete(arn.toLowerCase());
  }
}

/** Throws ValidationException for tags that SageMaker rejects. */
export function checkTags(tags: readonly Tag[] = []): void {
  if (tags.length > 50) throw validation('A resource can have at most 50 tags.');
  for (const { Key, Value } of tags) {
    if (typeof Key !== 'string' || Key.length < 1 || Key.length > 128) {
      throw validation(`Tag keys have 1 to 128 characters, got: ${JSON.stringify(Key)}`);
    }
    if (typeof Value !== 'string' || Value.length > 256) {
      throw validation(`Tag values have at most 256 characters, got: ${JSON.stringify(Value)}`);
    }
  }
}

/** A resource as it was given when it was created, without its tags. */
export function settingsOf<R extends Resource>(resource: R) {
  const { name: _, arn: __, created: ___, Tags: ____, ...settings } = resource;
  return structuredClone(settings);
}

/** How lists and descriptions begin: for `Model`, with ModelName, ModelArn and CreationTime. */
export const summaryOf = (kind: string, { name, arn, created }: Resource) => ({
  [`${kind}Name`]: name,
  [`${kind}Arn`]: arn,
  CreationTime: new Date(created),
});

/** The members that the List operations share. */
interface ListInput {
  readonly NameContains?: string | undefined;
  readonly StatusEquals?: string | undefined;
  readonly SortBy?: string | undefined;
  readonly SortOrder?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

const DEFAULT_PAGE_ITEMS = 10;
const MAX_PAGE_ITEMS = 100;

/** One page of a list; by default the newest come first. */
export function listPage<R extends Resource>(resources: readonly R[], input: ListInput) {
  const { NameContains = '', StatusEquals, SortBy, SortOrder, MaxResults: size = DEFAULT_PAGE_ITEMS } = input;
  const sign = SortOrder === 'Ascending' ? 1 : -1;
  const key = ({ name, status, created }: R) =>
    SortBy === 'Name' ? name : SortBy === 'Status' ? (status ?? '') : created;
  const listed = resources
    .filter(({ name }) => name.toLowerCase().includes(NameContains.toLowerCase()))
    .filter(({ status }) => StatusEquals === undefined || status === StatusEquals)
    .sort((a, b) => sign * (order(key(a), key(b)) || order(a.name, b.name)));
  const { items, token } = requestedPage(listed, { size, max: MAX_PAGE_ITEMS, token: input.NextToken }, () =>
    validation(`MaxResults must be from 1 to ${MAX_PAGE_ITEMS}, and NextToken from the page before.`),
  );
  return { items, NextToken: token };
}

const order = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
