import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { TestVerdict } from './rollout.ts';
import type { EndpointState } from './state.ts';

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

/** What DescribeEndpoint returns. Times in epoch ms. */
export interface EndpointView {
  readonly status: EndpointStatus;
  /** During an update: still the previous one. */
  readonly configName: string;
  /** PendingDeploymentSummary's config, during an update. */
  readonly pendingConfigName?: string;
  readonly created: number;
  readonly lastModified: number;
  readonly failureReason?: string;
  /** Names of the production variants in service. */
  readonly variants?: readonly string[];
}

/** One object that a source names by its key, or chose, or has in its folder. */
export interface SourceFile {
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly etag: string;
  /** `<algorithm>:<checksum of the whole object>`. Absent: S3 has none, so the ETag identifies the content. */
  readonly checksum?: string;
  /** Bytes. */
  readonly size: number;
  /** Absent: the bucket has no versions. */
  readonly version?: string;
  /** URI of the source that chose the object, or of the folder that it is in. Absent: a source names it by its key. */
  readonly chosenBy?: string;
}

/** A listing of the sources that began in an earlier pass. */
export interface ResumedListing {
  /** Epoch ms: what changed since may be missing from it. */
  readonly since: number;
  /** A request came after it began, so it says nothing about what that request is for. */
  readonly isSuperseded?: true;
}

/** The marker of the sources, as it was before they were read. */
export interface MarkerView {
  readonly uri: string;
  /** Epoch ms. Absent: there is no object. */
  readonly lastModified?: number;
}

/** The sources as they are in S3 now, or as a listing found them that this pass continued. */
export type SourcesView = { readonly resumed?: ResumedListing; readonly marker?: MarkerView } & (
  | {
      readonly kind: 'complete';
      readonly revision: string;
      readonly newest: number;
      readonly objects: number;
      /** Bytes of all objects. */
      readonly size: number;
      /** The objects that the sources name by their keys, those that they chose, and those in their folders. */
      readonly files: readonly SourceFile[];
    }
  /**
   * Some sources have no object; `uris` names them. `revision` and `newest` are those of the existing objects, and of
   * what is at fault, absent where there is neither.
   */
  | {
      readonly kind: 'missing';
      readonly uris: readonly string[];
      /** Messages about sources that name nothing that could be served. Absent: there are none. */
      readonly faults?: readonly string[];
      readonly revision?: string;
      readonly newest?: number;
    }
);

/** Sources of which some have no object. */
export type MissingSources = SourcesView & { readonly kind: 'missing' };

/** The revision that each slot's data holds completely. Absent: none. */
export interface SlotsView {
  readonly a?: string;
  readonly b?: string;
}

/** The result of checking the sources' archives. */
export type CheckView =
  | { readonly kind: 'passed'; readonly warnings: readonly string[] }
  /** No fleet could load them. */
  | { readonly kind: 'refused'; readonly message: string }
  /** A source changed while it was read. */
  | { readonly kind: 'changed' };

/** The result of sending the smoke tests. */
export type SmokeTestsView =
  | TestVerdict
  /** A test got no answer, or an answer from SageMaker instead of the model. */
  | { readonly kind: 'unanswered'; readonly message: string };

/** Whether CloudFormation is working on the stack that declares the endpoint. */
export type StackView = { readonly kind: 'idle' | 'deploying' | 'gone'; readonly status: string };

/** Everything that a decision depends on. Absent parts have not been observed yet. */
export interface Observation {
  /** Epoch ms, the controller's clock. */
  readonly now: number;
  /** When the newest request that led to it was sent, epoch ms. Absent: the pass continues an earlier one. */
  readonly requestedAt?: number;
  readonly spec: EndpointSpec;
  readonly state: EndpointState;
  /** `gone`: DescribeEndpoint did not find it. */
  readonly endpoint: EndpointView | 'gone';
  readonly sources?: SourcesView;
  /** When the pass began to read them, epoch ms: smoke tests may have followed. Absent: now. */
  readonly readAt?: number;
  readonly stack?: StackView;
  readonly slots?: SlotsView;
  readonly check?: CheckView;
}

/** An observation of an endpoint that exists. */
export type ExistingEndpoint = Observation & { readonly endpoint: EndpointView };
