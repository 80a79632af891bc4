import type { Caller } from '@freshpoint/simulator/core/cloud';
import type { EndpointStateChange } from '@freshpoint/simulator/sagemaker/index';

/** The fields of AWS's inputs that watchers read. */
export interface CallInput {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly Body?: unknown;
  readonly Delete?: { readonly Objects: readonly { readonly Key: string }[] };
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
  readonly Name?: string;
  readonly Value?: string;
  readonly EndpointName?: string;
  readonly EndpointConfigName?: string;
  readonly ModelName?: string;
  readonly ModelPackageArn?: string;
  readonly RetainAllVariantProperties?: boolean;
  readonly RetainDeploymentConfig?: boolean;
  readonly Entries?: readonly { readonly Source: string; readonly DetailType: string; readonly Detail: string }[];
}

/** One call of one operation, as the service receives it. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly input: CallInput;
  readonly caller: Caller;
}

/** Observes a world's calls and events, and may interfere. */
export interface Watch {
  /** Before the operation runs; an error thrown here is the service's answer. */
  before(call: Call): void;
  /** After it has run; `error` when it threw. */
  after(call: Call, output: unknown, error: unknown): void;
  /** An endpoint's status changed, at this very instant. */
  endpointChanged(event: EndpointStateChange): void;
  /** When each copy of an event reaches the queue, in ms from now; `rule`: the name of the rule that it matches. */
  delays(detailType: string, rule: string): readonly number[];
  /** Whether the messages of a poll are lost on their way to the function. */
  losesPoll(): boolean;
}
