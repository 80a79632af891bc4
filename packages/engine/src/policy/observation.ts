import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointState, Staging, Verdict } from './state.ts';

/** EndpointStatus of DescribeEndpoint. */
export type EndpointStatus =
  | 'OutOfService'
  | 'Creating'
  | 'Updating'
  | 'SystemUpdating'
  | 'RollingBack'
  | 'InService'
  | 'Deleting'
  | 'Failed'
  | 'UpdateRollbackFailed';

/** What DescribeEndpoint says. Times in epoch ms. */
export interface EndpointView {
  readonly status: EndpointStatus;
  /** During an update: still the old one. */
  readonly configName: string;
  /** PendingDeploymentSummary's config, during an update. */
  readonly pendingConfigName?: string;
  readonly created: number;
  readonly lastModified: number;
  readonly failureReason?: string;
  /** Names of the production variants that serve. */
  readonly variants?: readonly string[];
}

/** One object that a source names by its key. */
export interface SourceFile {
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Absent: the bucket has no versions. */
  readonly version?: string;
}

/** What S3 holds now. */
export type SourcesView =
  | {
      readonly kind: 'complete';
      readonly revision: string;
      readonly newest: number;
      readonly objects: number;
      /** Bytes of all objects. */
      readonly size: number;
      /** Those that a source names by its key. */
      readonly files: readonly SourceFile[];
    }
  /** S3 URIs of sources that have no object; `revision` and `newest` are those of what is there, absent where nothing is. */
  | {
      readonly kind: 'missing';
      readonly uris: readonly string[];
      readonly revision?: string;
      readonly newest?: number;
    };

/** The revision that each slot's place holds wholly. Absent: none. */
export interface SlotsView {
  readonly a?: string;
  readonly b?: string;
}

/** What the beginning, or all, of the sources' archives says of them. */
export type CheckView =
  | { readonly kind: 'passed'; readonly warnings: readonly string[] }
  /** No fleet would start with them. */
  | { readonly kind: 'refused'; readonly message: string }
  /** A source was written meanwhile. */
  | { readonly kind: 'changed' };

/** How the endpoint answered the smoke tests. */
export type SmokeTestsView =
  | Verdict
  /** An answer didn't come, or came from SageMaker instead of the model. */
  | { readonly kind: 'unanswered'; readonly message: string };

/** Whether CloudFormation works on the stack that declares the endpoint. */
export type StackView = { readonly kind: 'idle' | 'deploying' | 'gone'; readonly status: string };

/** All that a decision depends on. What is absent has not been looked at yet. */
export interface Observation {
  /** Epoch ms, the loop's clock. */
  readonly now: number;
  readonly spec: EndpointSpec;
  readonly state: EndpointState;
  /** `gone`: DescribeEndpoint could not find it. */
  readonly endpoint: EndpointView | 'gone';
  readonly sources?: SourcesView;
  readonly stack?: StackView;
  readonly slots?: SlotsView;
  readonly check?: CheckView;
  readonly tests?: SmokeTestsView;
  /** What this look has just filled a place with. */
  readonly staged?: Staging;
}
