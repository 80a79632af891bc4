import { CustomResource, Duration, Lazy, type Stack } from 'aws-cdk-lib';
import type { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct, IDependable } from 'constructs';
import { GATE_RESOURCE_TYPE, type GateProperties, type SlotData, type SourceSpec } from '../contract';
import { digest8, guarded, renderedProperties, without } from './digest';

/** What a deployment may change about an endpoint, and what the gate needs. */
export interface DeploymentGateOptions {
  readonly endpointId: string;
  readonly sources: readonly SourceSpec[];
  readonly data?: SlotData;
  /** Slot A's: those of B differ from them only in where they load their data. */
  readonly models: readonly CfnModel[];
  /** The models of both slots. */
  readonly allModels: readonly CfnModel[];
  /** One of the two: they differ in nothing but the name. */
  readonly config: CfnEndpointConfig;
  readonly configs: readonly CfnEndpointConfig[];
  readonly endpoint: CfnEndpoint;
  /** ARN of the refresher's function. */
  readonly serviceToken: string;
  /** What the function needs to do it. */
  readonly after: readonly IDependable[];
}

/**
 * The custom resource that holds a deployment until the endpoint is idle. It changes whenever a setting does, tags
 * excepted; models and configs wait for it.
 */
export function deploymentGate(scope: Construct, stack: Stack, options: DeploymentGateOptions): CustomResource {
  const settings = () => settingsOf(options);
  const properties: GateProperties = {
    Endpoint: options.endpointId,
    Sources: stack.toJsonString(options.sources),
    ...(options.data && { Data: stack.toJsonString(options.data) }),
    Digest: Lazy.uncachedString({ produce: guarded(() => digest8(settings())) }),
    Values: Lazy.uncachedAny({ produce: () => valuesIn(settings()) }),
  };
  const gate = new CustomResource(scope, 'DeploymentGate', {
    resourceType: GATE_RESOURCE_TYPE,
    serviceToken: options.serviceToken,
    serviceTimeout: Duration.hours(1),
    properties: { ...properties },
  });
  gate.node.addDependency(...options.after);
  for (const each of [...options.allModels, ...options.configs]) each.node.addDependency(gate);
  return gate;
}

/**
 * All settings as the template will show them. The models' logical ids stand there as plain text: a reference would make
 * the custom resource wait for models that wait for it.
 */
function settingsOf({ models, config, endpoint }: DeploymentGateOptions): unknown {
  const ids = new Set(models.map((model) => model.stack.getLogicalId(model)));
  return withoutReferences(ids, {
    models: models.map((model) => [model.stack.getLogicalId(model), without(renderedProperties(model), 'Tags')]),
    config: without(renderedProperties(config), 'Tags'),
    endpoint: without(renderedProperties(endpoint), 'EndpointConfigName', 'Tags'),
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

/** The intrinsic functions in `settings`: CloudFormation compares what they come to, where a digest sees only their text. */
function valuesIn(settings: unknown): unknown[] {
  if (Array.isArray(settings)) return settings.flatMap(valuesIn);
  if (typeof settings !== 'object' || settings === null) return [];
  const names = Object.keys(settings);
  const intrinsic = names.length === 1 && (names[0] === 'Ref' || names[0]?.startsWith('Fn::'));
  return intrinsic ? [settings] : Object.values(settings).flatMap(valuesIn);
}
