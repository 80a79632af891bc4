import type { Fleet, VariantFleet } from './fleet.ts';
import type { Instance } from './launcher.ts';
import type { Endpoint } from './store.ts';

/** The instance that takes a request. */
export interface Choice {
  readonly variant: VariantFleet;
  readonly instance: Instance;
}

/**
 * Chooses the instance for a request: the variant by smooth weighted round robin over the weights and, in an update,
 * the shares of the traffic; in the variant the least busy healthy instance, never `except`. Undefined if none can.
 */
export function route(endpoint: Endpoint, targetVariant?: string, except?: Instance): Choice | undefined {
  const share = endpoint.pending?.share ?? 0;
  const candidates: { variant: VariantFleet; weight: number }[] = [];
  const add = (fleet: Fleet | undefined, portion: number) => {
    if (!fleet || portion <= 0) return;
    for (const variant of fleet.variants) {
      if (targetVariant !== undefined && variant.name !== targetVariant) continue;
      const weight = portion * (targetVariant === undefined ? variant.weight : 1);
      if (weight > 0 && variant.healthyCount > 0) candidates.push({ variant, weight });
    }
  };
  add(endpoint.fleet, 1 - share);
  if (endpoint.fleet) add(endpoint.pending?.fleet, share);

  let total = 0;
  let best: VariantFleet | undefined;
  for (const { variant, weight } of candidates) {
    variant.credit += weight;
    total += weight;
    if (!best || variant.credit > best.credit) best = variant;
  }
  if (!best) return undefined;
  best.credit -= total;
  const instance = best.pick(except);
  if (instance) return { variant: best, instance };
  for (const { variant } of candidates) {
    const other = variant === best ? undefined : variant.pick(except);
    if (other) return { variant, instance: other };
  }
  return undefined;
}
