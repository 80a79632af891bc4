import type { EndpointSpec } from '../../../cdk/src/private/contract.ts';
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
}

/** What S3 holds now. */
export type SourcesView =
  | { readonly kind: 'complete'; readonly revision: string; readonly newest: number; readonly objects: number }
  /** S3 URIs of sources that have no object. */
  | { readonly kind: 'missing'; readonly uris: readonly string[] };

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
}
