import type { DeploymentConfig, EndpointStatus } from '@aws-sdk/client-sagemaker';
import type { Account } from '../core/account.ts';
import type { Fleet } from './fleet.ts';
import {
  type EndpointConfig,
  type ModelPackageGroup,
  PACKAGE_GROUP,
  type Resource,
  Resources,
  type SageMakerModel,
} from './resources.ts';

/** The fleet of a creation or update in progress. */
export interface PendingFleet {
  readonly fleet: Fleet;
  readonly config: EndpointConfig;
  readonly started: number;
  /** Share of the traffic, 0 to 1. */
  share: number;
}

export interface Endpoint extends Resource {
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

/** The control plane's state. */
export type Store = ReturnType<typeof createStore>;

export const createStore = (account: Account) => ({
  models: new Resources<SageMakerModel>(account, 'model'),
  configs: new Resources<EndpointConfig>(account, 'endpoint configuration', 'endpoint-config'),
  endpoints: new Resources<Endpoint>(account, 'endpoint'),
  packageGroups: new Resources<ModelPackageGroup>(account, PACKAGE_GROUP),
});
