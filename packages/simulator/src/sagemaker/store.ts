import type { DeploymentConfig, EndpointStatus, Tag } from '@aws-sdk/client-sagemaker';
import type { Fleet } from './fleet.ts';
import type { EndpointConfig, ModelPackageGroup, SageMakerModel } from './resources.ts';

/** The fleet of a creation or update in progress. */
export interface PendingFleet {
  readonly fleet: Fleet;
  readonly config: EndpointConfig;
  readonly started: number;
  /** Share of the traffic, 0 to 1. */
  share: number;
}

export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  modified: number;
  status: EndpointStatus;
  failureReason?: string;
  /** The active config; after a failed creation, the requested one. */
  config: EndpointConfig;
  /** The fleet that takes requests. Absent until the creation succeeds. */
  fleet?: Fleet;
  /** The creation or update in progress. */
  pending?: PendingFleet;
  /** The deployment config of the last update. */
  deploymentConfig?: DeploymentConfig;
}

/** The control plane's state. Keys are names in lower case; those of tags are ARNs. */
export interface Store {
  readonly models: Map<string, SageMakerModel>;
  readonly configs: Map<string, EndpointConfig>;
  readonly endpoints: Map<string, Endpoint>;
  readonly packageGroups: Map<string, ModelPackageGroup>;
  readonly tags: Map<string, Tag[]>;
}

export const createStore = (): Store => ({
  models: new Map(),
  configs: new Map(),
  endpoints: new Map(),
  packageGroups: new Map(),
  tags: new Map(),
});

/** The key of a resource's name. */
export const keyOf = (name: string | undefined): string => String(name).toLowerCase();
