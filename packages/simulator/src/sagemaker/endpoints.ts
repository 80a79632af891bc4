import type {
  CreateEndpointInput,
  DesiredWeightAndCapacity,
  EndpointStatus,
  SageMaker,
  UpdateEndpointInput,
} from '@aws-sdk/client-sagemaker';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import type { Deployments, VariantChange } from './deployments.ts';
import { describeEndpoint } from './describe.ts';
import { checkUnique } from './endpoint-configs.ts';
import { validation } from './errors.ts';
import { type Fleet, type FleetContext, planFleet } from './fleet.ts';
import { checkName } from './names.ts';
import { checkDeploymentConfig } from './policies.ts';
import { type EndpointConfig, listPage, summaryOf } from './resources.ts';
import type { Endpoint, Store } from './store.ts';

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

/** Create, read, list, update, scale and delete endpoints. */
export function endpointOperations(store: Store, fleets: FleetContext, deployments: Deployments) {
  const { endpoints, configs } = store;
  return operationsOf<SageMaker>()(
    'sagemaker',
    ({ EndpointName: name, EndpointConfigName: config }) => [
      endpoints.permissionOn(name),
      ...(config === undefined ? [] : [configs.arnOf(config)]),
    ],
    {
      CreateEndpoint: (input) => createEndpoint(store, fleets, deployments, input),
      DescribeEndpoint: ({ EndpointName }) => describeEndpoint(endpoints.find(EndpointName)),
      UpdateEndpoint: (input) => updateEndpoint(store, fleets, deployments, input),
      UpdateEndpointWeightsAndCapacities({ EndpointName, DesiredWeightsAndCapacities = [] }) {
        const { endpoint, fleet } = findUpdatable(store, EndpointName);
        checkUnique(DesiredWeightsAndCapacities);
        const changes = DesiredWeightsAndCapacities.map((desired) =>
          variantChange(endpoint.config.name, fleet, desired),
        );
        void deployments.scale(endpoint, changes);
        return { EndpointArn: endpoint.arn };
      },
      DeleteEndpoint({ EndpointName }) {
        void deployments.remove(findIdle(store, EndpointName));
      },
      ListEndpoints(input) {
        const { items, NextToken } = listPage(endpoints.all(), input);
        const Endpoints = items.map((endpoint) => ({
          ...summaryOf('Endpoint', endpoint),
          LastModifiedTime: new Date(endpoint.modified),
          EndpointStatus: endpoint.status,
        }));
        return { Endpoints, NextToken };
      },
    },
  );
}

function createEndpoint(store: Store, fleets: FleetContext, deployments: Deployments, input: CreateEndpointInput) {
  const { EndpointName, EndpointConfigName, DeploymentConfig, Tags } = input;
  const { name, arn } = store.endpoints.checkNew('endpointName', EndpointName, Tags);
  checkName('endpointConfigName', EndpointConfigName);
  const config = store.configs.find(EndpointConfigName);
  checkDeploymentConfig(DeploymentConfig, config);
  const fleet = planFleet(fleets, config, { endpointName: name, models: store.models });
  const created = fleets.clock.now();
  const deploymentConfig = structuredClone(DeploymentConfig);
  const endpoint: Endpoint = {
    name,
    arn,
    created,
    modified: created,
    status: 'Creating',
    config,
    deploymentConfig,
    Tags,
  };
  store.endpoints.add(endpoint);
  void deployments.create(endpoint, fleet);
  return { EndpointArn: arn };
}

function updateEndpoint(store: Store, fleets: FleetContext, deployments: Deployments, input: UpdateEndpointInput) {
  checkName('endpointName', input.EndpointName);
  checkName('endpointConfigName', input.EndpointConfigName);
  const { endpoint, fleet: old } = findUpdatable(store, input.EndpointName);
  const config = store.configs.find(input.EndpointConfigName);
  // The active config must still exist, or SageMaker rejects the update.
  store.configs.find(endpoint.config.name);
  // After a failed rollback, an update to the same config is the way back to a single config.
  if (config.arn === endpoint.config.arn && endpoint.status !== 'UpdateRollbackFailed') {
    throw validation(`Cannot update endpoint with the currently in use endpoint configuration "${config.name}".`);
  }
  const retained = input.RetainDeploymentConfig ? endpoint.deploymentConfig : undefined;
  const deployment = input.DeploymentConfig ?? retained;
  checkDeploymentConfig(deployment, config);
  if (deployment) checkVariantNames(endpoint.config, config);
  const fleet = planFleet(fleets, config, {
    endpointName: endpoint.name,
    models: store.models,
    retained: input.RetainAllVariantProperties ? old : undefined,
    excluded: input.ExcludeRetainedVariantProperties?.map((property) => property.VariantPropertyType),
  });
  endpoint.deploymentConfig = structuredClone(deployment);
  void deployments.update(endpoint, old, config, fleet);
  return { EndpointArn: endpoint.arn };
}

function variantChange(config: string, fleet: Fleet, desired: DesiredWeightAndCapacity): VariantChange {
  const variant = fleet.variants.find(({ name }) => name === desired.VariantName);
  if (!variant) {
    const names = `The variant name(s) "${desired.VariantName}"`;
    throw validation(`${names} is/are not present within endpoint configuration "${config}".`);
  }
  const { DesiredInstanceCount: count, DesiredWeight: weight } = desired;
  checkMember('desiredInstanceCount', count, { min: 1 });
  checkMember('desiredWeight', weight, {});
  return { variant, count, weight };
}

function findIdle({ endpoints }: Store, name: string | undefined): Endpoint {
  const endpoint = endpoints.find(name);
  if (!BUSY_STATUSES.has(endpoint.status)) return endpoint;
  throw validation(`Cannot update in-progress endpoint "${endpoint.arn}".`);
}

/** Finds an endpoint that can be updated, with the fleet that serves it. Throws ValidationException. */
function findUpdatable(store: Store, name: string | undefined): { endpoint: Endpoint; fleet: Fleet } {
  const endpoint = findIdle(store, name);
  const { fleet } = endpoint;
  if (endpoint.status === 'Failed' || !fleet) throw validation('Cannot update failed endpoint');
  return { endpoint, fleet };
}

/** A deployment policy shifts traffic between variants of the same name. The message on AWS is unverified. */
function checkVariantNames(before: EndpointConfig, next: EndpointConfig): void {
  const [old, now] = [before, next].map(({ ProductionVariants = [] }) =>
    ProductionVariants.map(({ VariantName }) => VariantName)
      .sort()
      .join(', '),
  );
  if (old !== now) {
    throw validation(`A deployment policy needs the same variants before and after the update, got: ${old} and ${now}`);
  }
}
