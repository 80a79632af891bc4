import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { NameRule } from './physical-names.ts';

/** A resource's properties with all intrinsic functions resolved. */
// biome-ignore lint/suspicious/noExplicitAny: each provider narrows its own, in CloudFormation's shapes.
export type Properties = Readonly<Record<string, any>>;

/** What a provider made: how to find it again, and what other resources may ask of it. */
export interface Handle {
  /** What `Ref` gives. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` gives, by attribute; nested objects are reached by `A.B`. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Which changed properties need a new resource: the named ones, or all but the named ones. */
export type Replacing = readonly string[] | { readonly allBut: readonly string[] };

/** How one resource type is created, updated and deleted. Failures are thrown; their message is the event's reason. */
export interface Provider {
  readonly replacing: Replacing;
  /** The property that gives the resource a name of the user's: then it can't be replaced under the same name. */
  readonly nameProperty?: string;
  /** How the type writes tags; the stack's own tags are added. @default the type has none */
  readonly tags?: 'list' | 'map';
  create(properties: Properties, context: ProviderContext): Promise<Handle>;
  /** Absent: `replacing` covers every property but tags, and changed tags are only recorded. */
  update?(handle: Handle, properties: Properties, old: Properties, context: ProviderContext): Promise<Handle>;
  /** A resource that is already gone counts as deleted. */
  delete(handle: Handle, properties: Properties, context: ProviderContext): Promise<void>;
}

/** What a provider may use while it works on one resource. */
export interface ProviderContext {
  readonly account: Account;
  readonly clock: Clock;
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  readonly resourceType: string;
  /** Old properties are being put back after a failed update. */
  readonly rollingBack: boolean;
  /** A name for a resource that has none of its own; another one at each call. */
  name(rule: NameRule): string;
  uuid(): string;
  /** Calls another service with all rights, as CloudFormation's execution role of a bootstrapped account does. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  call(service: string, operation: string, input: Record<string, unknown>): Promise<any>;
  /** Where the asset lies whose object key in the assets bucket is `key`; undefined when the caller gave none such. */
  asset(key: string): string | undefined;
  /** Tells that the resource exists from now on, also if creating fails later: rollback then deletes it. */
  identified(handle: Handle): void;
  /** Calls `task` when another resource has failed and waiting for this one is pointless. Returns its undoing. */
  onCancel(task: () => void): () => void;
}
