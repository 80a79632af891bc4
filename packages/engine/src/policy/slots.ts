import type { EndpointSpec, Slot } from '@freshpoint/cdk/contract';

/** The slot with this endpoint config. */
export function activeSlot({ configs }: Pick<EndpointSpec, 'configs'>, configName: string): Slot | undefined {
  if (configName === configs.a) return 'a';
  if (configName === configs.b) return 'b';
  return undefined;
}

/** The slot to swap to. */
export function otherSlot(slot: Slot): Slot {
  return slot === 'a' ? 'b' : 'a';
}

/** A slot as people see it: A or B. */
export function slotLetter(slot: Slot): string {
  return slot.toUpperCase();
}

/** Whether the models load slot data only, which nothing but the controller writes: then what was staged is loaded. */
export function ownsAllData({ data }: Pick<EndpointSpec, 'data'>): boolean {
  return data !== undefined && !data.partial;
}
