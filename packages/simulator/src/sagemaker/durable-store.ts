import type { Durable } from '../core/cloud.ts';
import type { Deployments } from './deployments.ts';
import { Fleet, type FleetContext, type VariantPlan } from './fleet.ts';
import { type Endpoint, keyOf, type Store } from './store.ts';

interface SavedFleet {
  readonly variants: readonly VariantPlan[];
  readonly shadows: readonly VariantPlan[];
}

/** An endpoint without its instances, which do not survive a restart. */
type SavedEndpoint = Omit<Endpoint, 'fleet' | 'pending'> & {
  readonly fleet?: SavedFleet;
  /** The fleet of a creation in progress. */
  readonly pending?: SavedFleet;
};

type SavedStore = Omit<Store, 'endpoints'> & { readonly endpoints: readonly SavedEndpoint[] };

/** The control plane's state. Loading it launches the instances of every endpoint again, with the data as it is. */
export function durableStore(store: Store, context: FleetContext, deployments: Deployments): Durable {
  const fleetOf = (endpoint: SavedEndpoint, { variants, shadows }: SavedFleet) =>
    new Fleet(context, endpoint.name, variants, shadows);
  const loadEndpoint = (saved: SavedEndpoint) => {
    const { fleet, pending, ...endpoint }: SavedEndpoint = saved;
    store.endpoints.set(keyOf(endpoint.name), endpoint);
    if (endpoint.status === 'Deleting') void deployments.remove(endpoint);
    else if (fleet) void deployments.resume(endpoint, fleetOf(saved, fleet));
    else if (pending) void deployments.create(endpoint, fleetOf(saved, pending));
  };
  return {
    save: (): SavedStore => ({
      ...store,
      endpoints: [...store.endpoints.values()].map(({ fleet, pending, ...endpoint }) => ({
        ...endpoint,
        ...(fleet && { fleet: fleet.plans() }),
        ...(pending && { pending: pending.fleet.plans() }),
      })),
    }),
    load({ endpoints, ...saved }: SavedStore) {
      for (const [name, model] of saved.models) store.models.set(name, model);
      for (const [name, config] of saved.configs) store.configs.set(name, config);
      for (const [name, group] of saved.packageGroups) store.packageGroups.set(name, group);
      for (const [arn, tags] of saved.tags) store.tags.set(arn, tags);
      for (const endpoint of endpoints) loadEndpoint(endpoint);
    },
  };
}
