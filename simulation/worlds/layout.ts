import { historyPrefix, stateKey, storePrefix } from '@freshpoint/cdk/contract';

/** A version of the stack: the first one, and changes to it. */
export type Edition =
  | 'first'
  /** Another container environment: new models, new configs, the endpoint moves. */
  | 'models'
  /** Another instance type: new configs, the endpoint moves. */
  | 'configs'
  /** Only what the controller reads from the spec: waitTime, pollInterval. */
  | 'settings'
  /** Only the tags of the endpoint. */
  | 'tags'
  /** As `models`, but a resource that comes after the endpoint fails: the endpoint moves and moves back. */
  | 'failing';

export const EDITIONS = [
  'first',
  'models',
  'configs',
  'settings',
  'tags',
  'failing',
] as const satisfies readonly Edition[];

/** One arrangement of sources and settings, with its templates. */
export interface Layout {
  readonly name: string;
  /** Keys that the models load. */
  readonly keys: readonly string[];
  /** In seconds; of the edition `first`. */
  readonly waitTime: number;
  readonly maxWaitTime?: number;
  readonly pollInterval: number;
  readonly sweepInterval: number;
  /** What the models load all objects below. */
  readonly prefix?: string;
  /** Some of the models' data is slot data: `all` of it, or the archives only. Absent: all of it is in place. */
  readonly slotData?: 'all' | 'archives';
  /** The endpoint has to answer a smoke test after each refresh. */
  readonly isTested: boolean;
  readonly editions: Readonly<Record<Edition, object>>;
  readonly bucketStack: object;
}

export const DATA_STACK = 'Data';
export const ENDPOINT_STACK = 'Serving';
export const ENDPOINT_NAME = 'Iris';
/** The endpoint's id: stack and construct. */
export const ENDPOINT_ID = `${ENDPOINT_STACK}/Endpoint`;

/** Whether a call is about the endpoint's state object. */
export function isStateKey({ Key }: { readonly Key?: string }): boolean {
  return Key === stateKey({ bucket: '', prefix: storePrefix(ENDPOINT_ID) });
}

/** Whether a call is about an object of the endpoint's history. */
export function isHistoryKey({ Key = '' }: { readonly Key?: string }): boolean {
  return Key.startsWith(historyPrefix({ bucket: '', prefix: storePrefix(ENDPOINT_ID) }));
}
export const VARIANT_NAME = 'AllTraffic';
