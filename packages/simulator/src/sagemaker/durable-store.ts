import type { Durable } from '../core/cloud.ts';
import type { Deployments } from './deployments.ts';
import { createFleet, type FleetContext, type VariantPlan } from './fleet.ts';
import type { Endpoint, Store } from './store.ts';

/** The control plane's state. Loading it launches the instances of every endpoint again, with the data as it is. */
export const durableStore = (store: Store, context: FleetContext, deployments: Deployments): Durable => ({
  save: () => savedStore(store),
  load(saved: ReturnType<typeof savedStore>) {
    for (const model of saved.models) store.models.add(model);
    for (const config of saved.configs) store.configs.add(config);
    for (const group of saved.packageGroups) store.packageGroups.add(group);
    for (const { fleet, pending, ...endpoint } of saved.endpoints) {
      store.endpoints.add(endpoint);
      const launched = (plans: readonly VariantPlan[]) => createFleet(context, endpoint.name, plans);
      if (endpoint.status === 'Deleting') void deployments.remove(endpoint);
      else if (fleet) void deployments.resume(endpoint, launched(fleet));
      else if (pending) void deployments.create(endpoint, launched(pending));
    }
  },
});

const savedStore = ({ models, configs, packageGroups, endpoints }: Store) => ({
  models: models.all(),
  configs: configs.all(),
  packageGroups: packageGroups.all(),
  // Without their instances, which do not survive a restart. `pending` counts for a creation in progress.
  endpoints: endpoints.all().map(({ fleet, pending, ...endpoint }: Endpoint) => ({
    ...endpoint,
    fleet: fleet?.plans(),
    pending: pending?.fleet.plans(),
  })),
});
