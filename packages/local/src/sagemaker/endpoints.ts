import type {
  CreateEndpointInput,
  DesiredWeightAndCapacity,
  EndpointStatus,
  UpdateEndpointInput,
} from '@aws-sdk/client-sagemaker';
import type { Deps, Operation } from '../core/cloud.ts';
import type { Deployments } from './deployments.ts';
import { describeEndpoint } from './describe.ts';
import { findConfig } from './endpoint-configs.ts';
import { alreadyExists, inProgress, notFound, validation } from './errors.ts';
import type { Outcome } from './faults.ts';
import { Fleet, type FleetContext, type VariantPlan } from './fleet.ts';
import { page } from './listing.ts';
import { checkName, configArn, endpointArn, modelArn } from './names.ts';
import { checkDeploymentConfig } from './policies.ts';
import { type Endpoint, type EndpointConfig, keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

type Named = { EndpointName: string };

/**
 * Statuses in which neither an update nor a deletion is accepted. For RollingBack and Deleting the text on AWS is
 * unverified. That OutOfService and UpdateRollbackFailed accept both is a guess: nothing here depends on it.
 */
const BUSY_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
] as const);

/** CreateEndpoint, DescribeEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DeleteEndpoint, ListEndpoints. */
export function endpointOperations(
  deps: Deps,
  store: Store,
  context: FleetContext,
  deployments: Deployments,
  takeFault: (endpoint: string) => Outcome | undefined,
): Record<string, Operation> {
  const { account, clock } = deps;
  const permissions = (action: string) => (input: Named & { EndpointConfigName?: string }) => [
    { action: `sagemaker:${action}`, resource: endpointArn(account, input.EndpointName) },
    ...(input.EndpointConfigName === undefined
      ? []
      : [{ action: `sagemaker:${action}`, resource: configArn(account, input.EndpointConfigName) }]),
  ];

  /** `kept`: the fleet whose counts and weights the new one takes over, by variant name. */
  function plan(config: EndpointConfig, name: string, kept?: Fleet, excluded: ReadonlySet<string> = new Set()): Fleet {
    const plans = (which: 'ProductionVariants' | 'ShadowProductionVariants'): VariantPlan[] =>
      (config[which] ?? []).map((variant) => {
        const model = store.models.get(keyOf(variant.ModelName!));
        if (!model) throw notFound('model', modelArn(account, variant.ModelName!));
        const before = kept?.all.find((other) => other.name === variant.VariantName);
        const count = (!excluded.has('DesiredInstanceCount') && before?.desiredCount) || undefined;
        const weight = excluded.has('DesiredWeight') ? undefined : before?.desiredWeight;
        return {
          variant,
          model,
          // A serverless variant is one instance here: what its concurrency would need on AWS is not simulated.
          count: variant.ServerlessConfig ? 1 : (count ?? variant.InitialInstanceCount ?? 1),
          weight: weight ?? variant.InitialVariantWeight ?? 1,
        };
      });
    return new Fleet(context, name, plans('ProductionVariants'), plans('ShadowProductionVariants'));
  }

  const find = (name: string) => findEndpoint(deps, store, name);

  return {
    CreateEndpoint: {
      permissions: permissions('CreateEndpoint'),
      run(input: CreateEndpointInput) {
        checkName('endpointName', input.EndpointName);
        checkName('endpointConfigName', input.EndpointConfigName);
        checkTags(input.Tags);
        const arn = endpointArn(account, input.EndpointName);
        if (store.endpoints.has(keyOf(input.EndpointName))) throw alreadyExists('endpoint', arn);
        const config = findConfig(deps, store, input.EndpointConfigName);
        checkDeploymentConfig(input.DeploymentConfig, config);
        const fleet = plan(config, input.EndpointName);
        const now = clock.now();
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
      },
    },

    DescribeEndpoint: {
      permissions: (input: Named) => permissions('DescribeEndpoint')({ EndpointName: input.EndpointName }),
      run: (input: Named) => describeEndpoint(find(input.EndpointName)),
    },

    UpdateEndpoint: {
      permissions: permissions('UpdateEndpoint'),
      run(input: UpdateEndpointInput) {
        checkName('endpointName', input.EndpointName);
        checkName('endpointConfigName', input.EndpointConfigName);
        const endpoint = find(input.EndpointName);
        if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
        if (endpoint.status === 'Failed') throw validation('Cannot update failed endpoint');
        const config = findConfig(deps, store, input.EndpointConfigName);
        // The active config must still exist, or the endpoint can't be updated any more.
        findConfig(deps, store, endpoint.config.EndpointConfigName);
        const same = keyOf(config.EndpointConfigName) === keyOf(endpoint.config.EndpointConfigName);
        // After a failed rollback an update to the same config is how one gets back to one config.
        if (same && endpoint.status !== 'UpdateRollbackFailed') {
          throw validation(
            `Cannot update endpoint with the currently in use endpoint configuration "${config.EndpointConfigName}".`,
          );
        }
        const deployment =
          input.DeploymentConfig ?? (input.RetainDeploymentConfig ? endpoint.deploymentConfig : undefined);
        checkDeploymentConfig(deployment, config);
        if (deployment) checkVariantNames(endpoint.config, config);
        const excluded = new Set(
          input.ExcludeRetainedVariantProperties?.map(({ VariantPropertyType }) => VariantPropertyType ?? ''),
        );
        const fleet = plan(
          config,
          endpoint.name,
          input.RetainAllVariantProperties ? endpoint.fleet : undefined,
          excluded,
        );
        if (deployment) endpoint.deploymentConfig = structuredClone(deployment);
        else delete endpoint.deploymentConfig;
        void deployments.update(endpoint, config, fleet, takeFault(endpoint.name));
        return { EndpointArn: endpoint.arn };
      },
    },

    UpdateEndpointWeightsAndCapacities: {
      permissions: permissions('UpdateEndpointWeightsAndCapacities'),
      run(input: Named & { DesiredWeightsAndCapacities?: DesiredWeightAndCapacity[] }) {
        const endpoint = find(input.EndpointName);
        if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
        if (endpoint.status === 'Failed') throw validation('Cannot update failed endpoint');
        const changes = (input.DesiredWeightsAndCapacities ?? []).map((desired) => {
          const variant = endpoint.fleet!.variants.find(({ name }) => name === desired.VariantName);
          if (!variant)
            throw validation(`Could not find variant "${desired.VariantName}" of endpoint "${endpoint.arn}".`);
          const { DesiredInstanceCount: count, DesiredWeight: weight } = desired;
          if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
            throw validation(`DesiredInstanceCount must be at least 1, got: ${count}`);
          }
          if (weight !== undefined && !(weight >= 0)) {
            throw validation(`DesiredWeight must be at least 0, got: ${weight}`);
          }
          return { variant, count, weight };
        });
        void deployments.scale(endpoint, changes);
        return { EndpointArn: endpoint.arn };
      },
    },

    DeleteEndpoint: {
      permissions: permissions('DeleteEndpoint'),
      run(input: Named) {
        const endpoint = find(input.EndpointName);
        if (BUSY_STATUSES.has(endpoint.status)) throw inProgress(endpoint.arn);
        void deployments.remove(endpoint);
        return {};
      },
    },

    ListEndpoints: {
      permissions: () => [{ action: 'sagemaker:ListEndpoints', resource: '*' }],
      run(input: object) {
        const { items, NextToken } = page(store.endpoints.values(), (endpoint) => endpoint, input);
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
      },
    },
  };
}

/** Looks an endpoint up regardless of case. Throws `Could not find endpoint "arn".` */
export function findEndpoint(deps: Deps, store: Store, name: string): Endpoint {
  const endpoint = store.endpoints.get(keyOf(name));
  if (!endpoint) throw notFound('endpoint', endpointArn(deps.account, name));
  return endpoint;
}

/** A deployment policy moves traffic from a variant to the one of the same name. The wording on AWS is unverified. */
function checkVariantNames(before: EndpointConfig, next: EndpointConfig): void {
  const names = (config: EndpointConfig) => (config.ProductionVariants ?? []).map(({ VariantName }) => VariantName);
  const old = new Set(names(before));
  const added = names(next).filter((name) => !old.has(name));
  if (added.length > 0 || names(next).length !== old.size) {
    throw validation(
      `A deployment policy needs the same variants before and after the update, got: ${[...old].join(', ')} and ${names(next).join(', ')}`,
    );
  }
}
