import { AwsError } from '../../core/aws-error.ts';
import { isMissing } from '../failure-reason.ts';
import type { NameRule } from '../physical-names.ts';
import type { Handle, Properties, Provider, ProviderContext, UpdatingProvider } from '../provider.ts';
import { tagsAtCreation, updateTags } from '../tags.ts';

/** A type of which one operation creates a resource and another one deletes it. `Output` is what the former returns. */
interface ApiType<P extends Properties, Output> extends Pick<Provider, 'replacing' | 'tags'> {
  readonly service: string;
  readonly create: string;
  readonly remove: string;
  /** Updates what `create` has set; an operation takes the same input. @default nothing */
  readonly update?: string | ((id: string, now: P, old: P, context: ProviderContext) => Promise<unknown>);
  /** Sets what operations of their own set: after `create`, with no old properties, and at the end of an update. */
  readonly parts?: (id: string, now: Partial<P>, old: Partial<P>, context: ProviderContext) => Promise<unknown>;
  /** Whether `parts` must be removed before the resource. @default false */
  readonly removesParts?: boolean;
  /** The property that names the resource. Absent: the service names it. */
  readonly nameProperty?: string;
  /** The rule for a name that the template does not set. @default it must */
  readonly nameRule?: NameRule;
  /** The member by which `create` and `find` take the name. @default `nameProperty` */
  readonly nameMember?: string;
  /** The operation that finds a resource by its name, where `create` would adopt an existing one. */
  readonly find?: string;
  /** The attribute, or else member for the physical id, by which `remove` takes the resource. @default `nameMember` */
  readonly idMember?: string;
  /** The input of `create` besides name and tags. @default the properties */
  readonly input?: (properties: P, context: ProviderContext) => object;
  /** The input of `remove` besides the id. */
  readonly removeInput?: (properties: P) => object;
  /** @default the name is the physical id */
  readonly handle?: (name: string, output: Output, context: ProviderContext) => Handle;
}

/** The provider of a type, from what is its own. */
export function apiType<P extends Properties = Properties, Output = unknown>(
  type: ApiType<P, Output>,
): UpdatingProvider<P> {
  const { service, update, parts, tags, nameProperty = '', nameMember = nameProperty, idMember = nameMember } = type;
  const { nameRule, input = (properties: P) => properties, handle: handleOf = named } = type;
  const idOf = ({ physicalId, attributes }: Handle) => String(attributes[idMember] ?? physicalId);
  const member = (name: string, value: string) => (name === '' ? {} : { [name]: value });
  return {
    replacing: type.replacing,
    nameProperty: type.nameProperty,
    tags,
    async create(properties, context) {
      const given = properties[nameProperty];
      const name = String(given ?? (nameRule && context.name(nameRule)));
      if (type.find && given !== undefined)
        await refuseExisting(name, context.call(service, type.find, member(nameMember, name)));
      const output = await context.call<Output>(service, type.create, {
        ...input(properties, context),
        ...(tags && tagsAtCreation(service, properties)),
        ...member(nameMember, name),
      });
      const handle = handleOf(name, output, context);
      context.identified(handle);
      await parts?.(idOf(handle), properties, {}, context);
      return handle;
    },
    async update(handle, now, old, context) {
      const id = idOf(handle);
      if (typeof update === 'string')
        await context.call(service, update, { ...input(now, context), ...member(nameMember, id) });
      else await update?.(id, now, old, context);
      if (tags) await updateTags(service, handle, { now, old }, context);
      await parts?.(id, now, old, context);
      return handle;
    },
    async delete(handle, properties, context) {
      const id = idOf(handle);
      if (type.removesParts) await parts?.(id, {}, properties, context);
      await context.call(service, type.remove, { ...member(idMember, id), ...type.removeInput?.(properties) });
    },
  };
}

const named = (physicalId: string): Handle => ({ physicalId, attributes: {} });

/** CloudFormation refuses an existing resource where some APIs would adopt it. `found` rejects if there is none. */
const refuseExisting = (name: string, found: Promise<unknown>): Promise<void> =>
  found.then(
    () => {
      throw new AwsError('AlreadyExists', `${name} already exists`, 409);
    },
    (error) => {
      if (!isMissing(error)) throw error;
    },
  );

interface Parts<T> {
  readonly now: readonly T[] | undefined;
  readonly old: readonly T[] | undefined;
  /** Identifies a part. @default the part itself */
  readonly key?: (part: T) => unknown;
  readonly put: (part: T) => Promise<unknown>;
  readonly remove: (part: T) => Promise<unknown>;
}

/** Puts all parts that the properties list now, then removes those that only the old ones list, if they exist. */
export async function putParts<T>({ now = [], old = [], key = (part) => part, put, remove }: Parts<T>): Promise<void> {
  for (const part of now) await put(part);
  const kept = new Set(now.map(key));
  for (const part of old) {
    if (kept.has(key(part))) continue;
    await remove(part).catch((error) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** `properties` without some of them. */
export const without = (properties: Properties, ...names: string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));

/** A value as JSON text, for an API that takes text; text stays as it is. */
export const jsonText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The last part of an ARN's path; a name stays as it is. */
export const nameIn = (arnOrName: string): string =>
  arnOrName.startsWith('arn:') ? arnOrName.slice(arnOrName.lastIndexOf('/') + 1) : arnOrName;
