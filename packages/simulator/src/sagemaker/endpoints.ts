import type {
  CreateEndpointInput,
  DeleteEndpointInput,
  DescribeEndpointInput,
  DesiredWeightAndCapacity,
  EndpointStatus,
  ListEndpointsInput,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
} from '@aws-sdk/client-sagemaker';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import type { Deployments, VariantChange } from './deployments.ts';
import { describeEndpoint } from './describe.ts';
import { findConfig } from './endpoint-configs.ts';
import { alreadyExists, inProgress, notFound, validation } from './errors.ts';
import type { UpdateFault } from './faults.ts';
import type { Fleet, FleetContext } from './fleet.ts';
import { planFleet } from './fleet-plan.ts';
import { listPage } from './listing.ts';
import { storedModel } from './models.ts';
import { checkName, configArn, endpointArn } from './names.ts';
import { checkDeploymentConfig } from './policies.ts';
import type { EndpointConfig } from './resources.ts';
import { type Endpoint, keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

/**
 * Statuses in which SageMaker accepts neither an update nor a deletion. Its message for RollingBack and Deleting is
 * unverified. That OutOfService and UpdateRollbackFailed accept both is a guess: nothing here depends on it.
 */
const BUSY_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
] as const);

/** What the operations on endpoints share. */
export interface EndpointDependencies {
  readonly deps: Deps;
  readonly store: Store;
  readonly fleets: FleetContext;
  readonly deployments: Deployments;
  /** The fault that was injected for the endpoint's next update, if any. */
  readonly takeFault: (endpointName: string) => UpdateFault | undefined;
}

/** Create, read, list, update, scale and delete endpoints. */
export function endpointOperations(context: EndpointDependencies): Record<string, Operation> {
  const { deps, store, deployments } = context;
  const { account } = deps;
  const resourcesOf = ({ EndpointName: name, EndpointConfigName: config }: Partial<CreateEndpointInput>) => [
    name === undefined ? '*' : endpointArn(account, name),
    ...(config === undefined ? [] : [configArn(account, config)]),
  ];
  return permitted('sagemaker', resourcesOf, {
    CreateEndpoint: (input: CreateEndpointInput) => createEndpoint(context, input),
    DescribeEndpoint: (input: DescribeEndpointInput) => describeEndpoint(findEndpoint(deps, store, input.EndpointName)),
    UpdateEndpoint: (input: UpdateEndpointInput) => updateEndpoint(context, input),
    UpdateEndpointWeightsAndCapacities: (input: UpdateEndpointWeightsAndCapacitiesInput) =>
      scaleEndpoint(context, input),
    DeleteEndpoint(input: DeleteEndpointInput) {
      const endpoint = findEndpoint(deps, store, input.EndpointName);
      if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
      void deployments.remove(endpoint);
      return {};
    },
    ListEndpoints: (input: ListEndpointsInput) => listEndpoints(store, input),
  });
}

function createEndpoint({ deps, store, fleets, deployments }: EndpointDependencies, input: CreateEndpointInput) {
  checkName('endpointName', input.EndpointName);
  checkName('endpointConfigName', input.EndpointConfigName);
  checkTags(input.Tags);
  const arn = endpointArn(deps.account, input.EndpointName);
  if (store.endpoints.has(keyOf(input.EndpointName))) throw alreadyExists('endpoint', arn);
  const config = findConfig(deps, store, input.EndpointConfigName);
  checkDeploymentConfig(input.DeploymentConfig, config);
  const fleet = planFleet(fleets, config, {
    endpointName: input.EndpointName,
    findModel: (name) => storedModel(deps, store, name),
  });
  const now = deps.clock.now();
  const endpoint: Endpoint = {
    name: input.EndpointName,
    arn,
    created: now,
    modified: now,
    status: 'Creating',
    config,
    ...(input.DeploymentConfig && { deploymentConfig: structuredClone(input.DeploymentConfig) }),
  };
  store.endpoints.set(keyOf(endpoint.name), endpoint);
  if (input.Tags) store.tags.set(arn, [...input.Tags]);
  void deployments.create(endpoint, fleet);
  return { EndpointArn: arn };
}

function updateEndpoint(context: EndpointDependencies, input: UpdateEndpointInput) {
  const { deps, store, fleets, deployments, takeFault } = context;
  checkName('endpointName', input.EndpointName);
  checkName('endpointConfigName', input.EndpointConfigName);
  const { endpoint, fleet: current } = findUpdatable(deps, store, input.EndpointName);
  const config = findConfig(deps, store, input.EndpointConfigName);
  // The active config must still exist, or SageMaker rejects the update.
  findConfig(deps, store, endpoint.config.EndpointConfigName);
  const same = keyOf(config.EndpointConfigName) === keyOf(endpoint.config.EndpointConfigName);
  // After a failed rollback, an update to the same config is the way back to a single config.
  if (same && endpoint.status !== 'UpdateRollbackFailed') {
    throw validation(
      `Cannot update endpoint with the currently in use endpoint configuration "${config.EndpointConfigName}".`,
    );
  }
  const retained = input.RetainDeploymentConfig ? endpoint.deploymentConfig : undefined;
  const deployment = input.DeploymentConfig ?? retained;
  checkDeploymentConfig(deployment, config);
  if (deployment) checkVariantNames(endpoint.config, config);
  const fleet = planFleet(fleets, config, {
    endpointName: endpoint.name,
    findModel: (name) => storedModel(deps, store, name),
    ...(input.RetainAllVariantProperties && { retained: current }),
    excluded: new Set(input.ExcludeRetainedVariantProperties?.map((property) => property.VariantPropertyType)),
  });
  if (deployment) endpoint.deploymentConfig = structuredClone(deployment);
  else delete endpoint.deploymentConfig;
  void deployments.update(endpoint, { config, fleet, old: current, fault: takeFault(endpoint.name) });
  return { EndpointArn: endpoint.arn };
}

function scaleEndpoint(
  { deps, store, deployments }: EndpointDependencies,
  input: UpdateEndpointWeightsAndCapacitiesInput,
) {
  const { endpoint, fleet } = findUpdatable(deps, store, input.EndpointName);
  const changes = (input.DesiredWeightsAndCapacities ?? []).map((desired) =>
    variantChange(endpoint.arn, fleet, desired),
  );
  void deployments.scale(endpoint, changes);
  return { EndpointArn: endpoint.arn };
}

function variantChange(endpoint: string, fleet: Fleet, desired: DesiredWeightAndCapacity): VariantChange {
  const variant = fleet.variants.find(({ name }) => name === desired.VariantName);
  if (!variant) throw validation(`Could not find variant "${desired.VariantName}" of endpoint "${endpoint}".`);
  const { DesiredInstanceCount: count, DesiredWeight: weight } = desired;
  if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
    throw validation(`DesiredInstanceCount must be at least 1, got: ${count}`);
  }
  if (weight !== undefined && !(weight >= 0)) {
    throw validation(`DesiredWeight must be at least 0, got: ${weight}`);
  }
  return { variant, count, weight };
}

function listEndpoints(store: Store, input: ListEndpointsInput) {
  const { items, NextToken } = listPage(store.endpoints.values(), (endpoint) => endpoint, input);
  return {
    Endpoints: items.map((endpoint) => ({
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      CreationTime: new Date(endpoint.created),
      LastModifiedTime: new Date(endpoint.modified),
      EndpointStatus: endpoint.status,
    })),
    ...(NextToken !== undefined && { NextToken }),
  };
}

/** Finds an endpoint regardless of case. Throws `Could not find endpoint "arn".` */
export function findEndpoint(deps: Deps, store: Store, name: string | undefined): Endpoint {
  const endpoint = store.endpoints.get(keyOf(name));
  if (!endpoint) throw notFound('endpoint', endpointArn(deps.account, name));
  return endpoint;
}

/** Finds an endpoint that can be updated, with the fleet that serves it. Throws ValidationException. */
function findUpdatable(deps: Deps, store: Store, name: string | undefined): { endpoint: Endpoint; fleet: Fleet } {
  const endpoint = findEndpoint(deps, store, name);
  if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
  const { fleet } = endpoint;
  if (endpoint.status === 'Failed' || !fleet) throw validation('Cannot update failed endpoint');
  return { endpoint, fleet };
}

/** A deployment policy shifts traffic between variants of the same name. The message on AWS is unverified. */
function checkVariantNames(before: EndpointConfig, next: EndpointConfig): void {
  const names = (config: EndpointConfig) => (config.ProductionVariants ?? []).map(({ VariantName }) => VariantName);
  const old = new Set(names(before));
  const added = names(next).filter((name) => !old.has(name));
  if (added.length > 0 || names(next).length !== old.size) {
    throw validation(
      'A deployment policy needs the same variants before and after the update, ' +
        `got: ${[...old].join(', ')} and ${names(next).join(', ')}`,
    );
  }
}
