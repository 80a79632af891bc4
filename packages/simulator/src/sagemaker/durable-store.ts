import type { Durable } from '../core/cloud.ts';
import type { Deployments } from './deployments.ts';
import { Fleet, type FleetContext, type FleetPlan } from './fleet.ts';
import type { EndpointConfig, ModelPackageGroup, SageMakerModel } from './resources.ts';
import type { Endpoint, Store } from './store.ts';

/** An endpoint without its instances, which do not survive a restart. */
type SavedEndpoint = Omit<Endpoint, 'fleet' | 'pending'> & {
  readonly fleet?: FleetPlan;
  /** The fleet of a creation in progress. */
  readonly pending?: FleetPlan;
};

interface SavedStore {
  readonly models: readonly SageMakerModel[];
  readonly configs: readonly EndpointConfig[];
  readonly packageGroups: readonly ModelPackageGroup[];
  readonly endpoints: readonly SavedEndpoint[];
}

/** The control plane's state. Loading it launches the instances of every endpoint again, with the data as it is. */
export const durableStore = (store: Store, context: FleetContext, deployments: Deployments): Durable => ({
  save: (): SavedStore => ({
    models: store.models.all(),
    configs: store.configs.all(),
    packageGroups: store.packageGroups.all(),
    endpoints: store.endpoints.all().map(({ fleet, pending, ...endpoint }) => ({
      ...endpoint,
      fleet: fleet?.plan(),
      pending: pending?.fleet.plan(),
    })),
  }),
  load(saved: SavedStore) {
    for (const model of saved.models) store.models.add(model);
    for (const config of saved.configs) store.configs.add(config);
    for (const group of saved.packageGroups) store.packageGroups.add(group);
    for (const { fleet, pending, ...endpoint } of saved.endpoints as readonly SavedEndpoint[]) {
      store.endpoints.add(endpoint);
      const launched = (plan: FleetPlan) => new Fleet(context, endpoint.name, plan);
      if (endpoint.status === 'Deleting') void deployments.remove(endpoint);
      else if (fleet) void deployments.resume(endpoint, launched(fleet));
      else if (pending) void deployments.create(endpoint, launched(pending));
    }
  },
});
