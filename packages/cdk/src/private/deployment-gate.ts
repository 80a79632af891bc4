import { CustomResource, Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IDependable } from 'constructs';
import {
  type EndpointStore,
  GATE_RESOURCE_TYPE,
  type GateProperties,
  type InitialModelData,
  type SlotData,
  type SourceSpec,
} from '../contract';
import { digest8, guarded, omitProperties, renderedProperties } from './digest';

/** The settings of an endpoint that a deployment can change, and the dependencies of its deployment gate. */
export interface DeploymentGateOptions {
  readonly endpointId: string;
  readonly store: EndpointStore;
  readonly sources: readonly SourceSpec[];
  readonly data?: SlotData;
  readonly initialData: readonly InitialModelData[];
  /** Names of the buckets that the endpoint's stack creates. */
  readonly createdBuckets: readonly string[];
  /** The models of slot A. Those of slot B differ only in the URLs of their data. */
  readonly modelsOfSlotA: readonly CfnModel[];
  /** The models of both slots. */
  readonly models: readonly CfnModel[];
  /** The configs of slots A and B. They differ only in their names and models. */
  readonly configs: readonly [CfnEndpointConfig, CfnEndpointConfig];
  readonly endpoint: CfnEndpoint;
  /** ARN of the refresher's function. */
  readonly serviceToken: string;
  /** Constructs that the function needs when CloudFormation invokes it for the gate. */
  readonly dependencies: readonly IDependable[];
}

/** The deployment gate, and its properties for the deployment confirmation. */
export interface DeploymentGate {
  readonly resource: CustomResource;
  readonly properties: GateProperties;
}

/** The most that CloudFormation accepts for a custom resource. */
export const SERVICE_TIMEOUT = Duration.hours(1);

/**
 * Creates the custom resource that makes a deployment wait until the endpoint is idle. It changes with every setting,
 * tags included, and models and configs depend on it.
 */
export function createDeploymentGate(scope: Construct, options: DeploymentGateOptions): DeploymentGate {
  const stack = Stack.of(scope);
  const settings = () => settingsOf(options);
  const { initialData, createdBuckets } = options;
  const properties: GateProperties = {
    Endpoint: options.endpointId,
    Store: stack.toJsonString(options.store),
    Sources: stack.toJsonString(options.sources),
    ...(options.data && { Data: stack.toJsonString(options.data) }),
    ...(initialData.length > 0 && { InitialData: stack.toJsonString(initialData) }),
    ...(createdBuckets.length > 0 && { CreatedBuckets: stack.toJsonString(createdBuckets) }),
    Digest: Lazy.uncachedString({ produce: guarded(() => digest8(settings())) }),
    Values: Lazy.uncachedAny({ produce: () => intrinsicsIn(settings()) }),
  };
  const resource = new CustomResource(scope, 'DeploymentGate', {
    resourceType: GATE_RESOURCE_TYPE,
    serviceToken: options.serviceToken,
    serviceTimeout: SERVICE_TIMEOUT,
    properties: { ...properties },
  });
  resource.node.addDependency(...options.dependencies);
  for (const each of [...options.models, ...options.configs]) each.node.addDependency(resource);
  return { resource, properties };
}

/**
 * All settings as in the template. References to the models are replaced by their logical ids as plain text: with a
 * reference, the custom resource would depend on models that depend on it.
 */
function settingsOf({ modelsOfSlotA: models, configs: [config], endpoint }: DeploymentGateOptions): unknown {
  const ids = new Set(models.map((model) => model.stack.getLogicalId(model)));
  return withoutReferences(ids, {
    models: models.map((model) => [model.stack.getLogicalId(model), renderedProperties(model)]),
    config: renderedProperties(config),
    endpoint: omitProperties(renderedProperties(endpoint), 'EndpointConfigName'),
  });
}

function withoutReferences(ids: ReadonlySet<string>, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutReferences(ids, each));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': att } = value as { Ref?: string; 'Fn::GetAtt'?: string[] };
  const id = Ref ?? att?.[0];
  if (id !== undefined && ids.has(id)) return `model ${id}`;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutReferences(ids, each)]));
}

/** The intrinsic functions in `settings`. CloudFormation compares their values; the digest covers only their text. */
function intrinsicsIn(settings: unknown): unknown[] {
  if (Array.isArray(settings)) return settings.flatMap(intrinsicsIn);
  if (typeof settings !== 'object' || settings === null) return [];
  const names = Object.keys(settings);
  const intrinsic = names.length === 1 && (names[0] === 'Ref' || names[0]?.startsWith('Fn::'));
  return intrinsic ? [settings] : Object.values(settings).flatMap(intrinsicsIn);
}
