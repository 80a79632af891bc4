import { isDeepStrictEqual } from 'node:util';
import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { NameRule } from './physical-names.ts';

/** A resource's properties, in CloudFormation's shape, with all intrinsic functions resolved. */
export type Properties = Readonly<Record<string, unknown>>;

/** A resource that a provider made. */
export interface Handle {
  /** The value of `Ref`. */
  readonly physicalId: string;
  /** The values of `Fn::GetAtt`, by attribute. Members of nested objects are reached by `A.B`. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The properties whose change needs a new resource: those named, or all but those named. */
export type Replacing = readonly string[] | { readonly allBut: readonly string[] };

/**
 * Creates, updates and deletes one resource type, with properties of type `P` (an alias, as an interface has no index
 * signature). The message of an error that it throws becomes the event's reason.
 */
export interface Provider<P extends Properties = Properties> {
  readonly replacing: Replacing;
  /** The property that sets the resource's name. A resource cannot be replaced by one of the same name. */
  readonly nameProperty?: string;
  /** How the type writes tags, to which the stack's tags are added. @default the type has no tags */
  readonly tags?: 'list' | 'map';
  /** Whether such a resource only has an id and attributes here, so that references to it resolve. @default none */
  isRecordOnly?(properties: Properties): boolean;
  /** What has no effect here of a resource that is simulated: names of properties, or of their parts. @default none */
  recordedParts?(properties: Properties): readonly string[];
  create(properties: P, context: ProviderContext): Promise<Handle>;
  /** Absent: `replacing` covers every property but tags, and changed tags are only recorded. */
  update?(handle: Handle, properties: P, old: P, context: ProviderContext): Promise<Handle>;
  /** A resource that no longer exists counts as deleted. */
  delete(handle: Handle, properties: P, context: ProviderContext): Promise<void>;
}

/** A provider that updates resources in place. */
export type UpdatingProvider<P extends Properties = Properties> = Provider<P> & Required<Pick<Provider<P>, 'update'>>;

/** The context in which a provider works on one resource. */
export interface ProviderContext {
  readonly account: Account;
  readonly clock: Clock;
  readonly stackId: string;
  readonly logicalId: string;
  readonly resourceType: string;
  /** Whether old properties are being restored after a failed update. */
  readonly rollingBack: boolean;
  /** Generates a name, for a resource whose name the template does not set. */
  name(rule: NameRule): string;
  uuid(): string;
  /** Calls a service with all rights, like CloudFormation's execution role in a bootstrapped account. */
  call<O = unknown>(service: string, operation: string, input: object): Promise<O>;
  /** The path of the asset with the object key `key` in the assets bucket; undefined if the caller gave none. */
  asset(key: string): string | undefined;
  /** Reports that the resource exists from now on. If creating it fails later, the rollback deletes it. */
  identified(handle: Handle): void;
  /** Calls `task` when another resource has failed and waiting is pointless. Returns a function that undoes it. */
  onCancel(task: () => void): () => void;
}

/** The parts of a simulated resource that are only recorded. */
export const recordedParts = (provider: Provider, properties: Properties): readonly string[] =>
  provider.isRecordOnly?.(properties) ? [] : (provider.recordedParts?.(properties) ?? []);

/** What the events of a resource say of what is only recorded; undefined if nothing is. */
export function recordedReason(provider: Provider, properties: Properties): string | undefined {
  if (provider.isRecordOnly?.(properties)) return 'Recorded only';
  const parts = recordedParts(provider, properties);
  return parts.length > 0 ? `Recorded only: ${parts.join(', ')}` : undefined;
}

/** The names of the top-level properties that differ, sorted. */
export function changedProperties(before: Properties, after: Properties): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}

/** Whether a change of the property `name` needs a new resource. */
export function isReplacing(replacing: Replacing, name: string): boolean {
  return 'allBut' in replacing ? !replacing.allBut.includes(name) : replacing.includes(name);
}
