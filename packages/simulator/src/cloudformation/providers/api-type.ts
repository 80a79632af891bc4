import { AwsError } from '../../core/aws-error.ts';
import { isMissing } from '../failures.ts';
import type { NameRule } from '../physical-names.ts';
import type { Handle, Properties, Provider, ProviderContext, UpdatingProvider } from '../provider.ts';
import { tagsAtCreation, updateTags } from '../tags.ts';
import { shaped, shapedBefore } from './property-shapes.ts';

/** The operations of one service that make a type. */
interface TypeApi {
  readonly service: string;
  readonly create: string;
  readonly remove: string;
  /** Takes the input of `create`. */
  readonly update?: string;
  /** Finds a resource by its name, where `create` would adopt an existing one. */
  readonly find?: string;
}

/** How a resource is named, with the rule for a name that the template does not set. @default it must */
interface Naming extends Partial<NameRule> {
  /** The property with the name. Absent: the service names the resource. */
  readonly property?: string;
  /** The member by which `create` and `find` take the name. @default `property` */
  readonly member?: string;
  /** The attribute, or else member for the physical id, by which `remove` takes the resource. @default `member` */
  readonly id?: string;
}

/** A type of which one operation creates a resource and another one deletes it. `Output` is what the former returns. */
interface ApiType<P extends Properties, Output> extends Pick<Provider, 'replacing' | 'tags'> {
  /** @default none */
  readonly recordedParts?: (properties: P) => readonly string[];
  readonly api: TypeApi;
  readonly name: Naming;
  /** The input of `create` besides name and tags. @default the properties */
  readonly input?: (properties: P, context: ProviderContext) => object;
  /** The input of `remove` besides the id. */
  readonly removeInput?: (properties: P) => object;
  /** @default the name is the physical id */
  readonly handle?: (name: string, output: Output, context: ProviderContext) => Handle;
  /** Properties that are attributes too. */
  readonly propertyAttributes?: readonly string[];
  /** Updates what `create` has set, where no operation takes the same input. */
  readonly update?: (id: string, now: P, old: P, context: ProviderContext) => Promise<unknown>;
  /** Sets what operations of their own set: after `create`, with no old properties, and at the end of an update. */
  readonly parts?: (id: string, now: Partial<P>, old: Partial<P>, context: ProviderContext) => Promise<unknown>;
  /** Whether `parts` must be removed before the resource. @default false */
  readonly removesParts?: boolean;
}

/** The provider of a type, from what is its own. */
export function apiType<P extends Properties = Properties, Output = unknown>(
  type: ApiType<P, Output>,
): UpdatingProvider<P> {
  const { api, name: naming, parts, tags, input = (properties: P) => properties, handle: handleOf = named } = type;
  const { property = '', member = property, id: idMember = member, maxLength } = naming;
  const idOf = ({ physicalId, attributes }: Handle) => String(attributes[idMember] ?? physicalId);
  const withProperties = ({ physicalId, attributes }: Handle, properties: P): Handle => {
    const own = (type.propertyAttributes ?? []).map((name) => [name, properties[name]]);
    return { physicalId, attributes: { ...attributes, ...Object.fromEntries(own) } };
  };
  const membersOf = (name: string, value: string) => (name === '' ? {} : { [name]: value });
  return {
    replacing: type.replacing,
    recordedParts: type.recordedParts,
    nameProperty: naming.property,
    tags,
    async create(given, context) {
      const properties = shaped(given, context.logicalId, tags);
      const givenName = properties[property];
      const name = String(givenName ?? (maxLength && context.name({ ...naming, maxLength })));
      const members = membersOf(member, name);
      if (api.find && givenName !== undefined) await refuseExisting(name, context.call(api.service, api.find, members));
      const output = await context.call<Output>(api.service, api.create, {
        ...input(properties, context),
        ...(tags && tagsAtCreation(api.service, properties)),
        ...members,
      });
      const handle = withProperties(handleOf(name, output, context), properties);
      context.identified(handle);
      await parts?.(idOf(handle), properties, {}, context);
      return handle;
    },
    async update(handle, given, before, context) {
      const now = shaped(given, context.logicalId, tags);
      const old = shapedBefore(before, context.logicalId, tags);
      const id = idOf(handle);
      if (api.update) await context.call(api.service, api.update, { ...input(now, context), ...membersOf(member, id) });
      await type.update?.(id, now, old, context);
      if (tags) await updateTags(api.service, handle, { now, old }, context);
      await parts?.(id, now, old, context);
      return withProperties(handle, now);
    },
    async delete(handle, given, context) {
      const properties = shapedBefore(given, context.logicalId, tags);
      const id = idOf(handle);
      if (type.removesParts) await parts?.(id, {}, properties, context);
      await context.call(api.service, api.remove, { ...membersOf(idMember, id), ...type.removeInput?.(properties) });
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

/** The provider of a type that is nothing but a part of other resources. */
export const partType = <P extends Properties>(
  replacing: readonly string[],
  put: (now: Partial<P>, old: Partial<P>, context: ProviderContext) => Promise<unknown>,
  recordedParts?: (properties: P) => readonly string[],
): UpdatingProvider<P> => ({
  replacing,
  recordedParts,
  async create(properties, context) {
    await put(shaped(properties, context.logicalId), {}, context);
    return named(context.name({ maxLength: 128 }));
  },
  async update(handle, properties, old, context) {
    await put(shaped(properties, context.logicalId), shapedBefore(old, context.logicalId), context);
    return handle;
  },
  async delete(_handle, properties, context) {
    await put({}, shapedBefore(properties, context.logicalId), context);
  },
});

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

/** The names of the properties other than those that are simulated. */
export const namesBut =
  (...simulated: string[]) =>
  (properties: Properties): string[] =>
    Object.keys(without(properties, ...simulated));

/** A value as JSON text, for an API that takes text; text stays as it is. */
export const jsonText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The last part of an ARN's path; a name stays as it is. */
export const nameIn = (arnOrName: string): string =>
  arnOrName.startsWith('arn:') ? arnOrName.slice(arnOrName.lastIndexOf('/') + 1) : arnOrName;
