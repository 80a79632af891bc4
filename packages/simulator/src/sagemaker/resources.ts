import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  CreateModelPackageInput,
  Tag,
} from '@aws-sdk/client-sagemaker';
import { type Account, arn } from '../core/account.ts';
import { requestedPage } from '../core/page.ts';
import { validation } from './errors.ts';
import { checkName } from './names.ts';

/** The kind of model package groups, whose messages have other words. */
export const PACKAGE_GROUP = 'model-package-group';

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

/** The resources of one kind. Names that differ only in case are the same resource. */
export class Resources<R extends Resource> {
  readonly #kind: string;
  readonly #arnPrefix: string;
  /** By ARN in lower case. */
  readonly #resources = new Map<string, R>();

  /** `kind` as messages name it. */
  constructor(account: Account, kind: string, arnType = kind) {
    this.#kind = kind;
    this.#arnPrefix = arn(account, 'sagemaker', `${arnType}/`);
  }

  all(): R[] {
    return [...this.#resources.values()];
  }

  /** ARNs have names in lower case, but those of package groups as given. Package groups can be named by their ARNs. */
  arnOf(name = ''): string {
    if (this.#kind !== PACKAGE_GROUP) return this.#arnPrefix + name.toLowerCase();
    return name.startsWith('arn:') ? name : this.#arnPrefix + name;
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
    if (found) return found;
    const missing = this.arnOf(name);
    throw validation(
      this.#kind === PACKAGE_GROUP
        ? `ModelPackageGroup ${missing} does not exist.`
        : `Could not find ${this.#kind} "${missing}".`,
    );
  }

  /** Name and ARN for a new resource. Throws ValidationException for a name or tags that it cannot have. */
  checkNew(member: string, name: string | undefined, tags?: readonly Tag[]): Pick<R, 'name' | 'arn'> {
    checkName(member, name);
    checkTags(tags);
    this.#checkFree(name);
    return { name, arn: this.arnOf(name) };
  }

  /** Throws ValidationException if the name is taken. */
  add(resource: R): void {
    this.#checkFree(resource.name);
    this.#resources.set(resource.arn.toLowerCase(), resource);
  }

  remove({ arn }: R): void {
    this.#resources.delete(arn.toLowerCase());
  }

  /** The message for a package group is unverified. */
  #checkFree(name: string): void {
    const found = this.get(name);
    if (!found) return;
    throw validation(
      this.#kind === PACKAGE_GROUP
        ? `Model Package Group already exists: ${found.arn}`
        : `Cannot create already existing ${this.#kind} "${found.arn}".`,
    );
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
