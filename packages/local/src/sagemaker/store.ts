import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  DeploymentConfig,
  EndpointStatus,
  Tag,
} from '@aws-sdk/client-sagemaker';
import type { Fleet } from './fleet.ts';

export interface Model extends CreateModelInput {
  readonly ModelName: string;
  readonly arn: string;
  readonly created: number;
}

export interface EndpointConfig extends CreateEndpointConfigInput {
  readonly EndpointConfigName: string;
  readonly arn: string;
  readonly created: number;
}

export interface Endpoint {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  modified: number;
  status: EndpointStatus;
  failureReason?: string;
  /** What the endpoint serves, or was to serve when its creation failed. */
  config: EndpointConfig;
  /** Takes requests. Absent until the creation has succeeded. */
  fleet?: Fleet;
  /** The fleet of an update (or creation) that is under way, with its share of the traffic, 0 to 1. */
  pending?: { readonly fleet: Fleet; readonly config: EndpointConfig; readonly started: number; share: number };
  /** As given at the last update. */
  deploymentConfig?: DeploymentConfig;
}

/** All that the control plane knows. Keys are names in lower case; tags go by ARN. */
export interface Store {
  readonly models: Map<string, Model>;
  readonly configs: Map<string, EndpointConfig>;
  readonly endpoints: Map<string, Endpoint>;
  readonly tags: Map<string, Tag[]>;
}

export const createStore = (): Store => ({
  models: new Map(),
  configs: new Map(),
  endpoints: new Map(),
  tags: new Map(),
});

export const keyOf = (name: string): string => String(name).toLowerCase();
