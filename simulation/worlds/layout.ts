import { historyPrefix, stateKey, storePrefix } from '@freshpoint/cdk/contract';
import { choosesFrom } from './source-names.ts';

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
  | 'failing'
  /** Other sources: new models, new configs, the endpoint moves. */
  | 'sources'
  /** As `sources`, but it fails as `failing` does. */
  | 'failing sources'
  /** A second endpoint on the same refresher, which every other edition takes out again. */
  | 'second endpoint';

export const EDITIONS = [
  'first',
  'models',
  'configs',
  'settings',
  'tags',
  'failing',
  'sources',
  'failing sources',
  'second endpoint',
] as const satisfies readonly Edition[];

/** Where the data of an endpoint's models comes from. */
export interface SourceKeys {
  /**
   * Keys that the models load; or names of sources that choose: `<prefix>*<suffix>`, the key of a pointer, which ends
   * with .txt, or the group of packages. Of these each upload gets a key of its own.
   */
  readonly keys: readonly string[];
  /** What the models load all objects below. */
  readonly prefix?: string;
  /** The key of an object that is written after the others. */
  readonly marker?: string;
}

/** One arrangement of sources and settings of an endpoint. */
export interface EndpointLayout {
  readonly endpointName: string;
  /** Its id: stack and construct. */
  readonly id: string;
  /** The sources of the edition `first`. */
  readonly sources: SourceKeys;
  /** Those of the editions that change them. */
  readonly otherSources: SourceKeys;
  /** In seconds; of the edition `first`. */
  readonly waitTime: number;
  readonly maxWaitTime?: number;
  readonly pollInterval: number;
  readonly sweepInterval: number;
  /** Some of the models' data is slot data: `all` of it, or the archives only. Absent: all of it is in place. */
  readonly slotData?: 'all' | 'archives';
  /** The endpoint has to answer a smoke test after each refresh. */
  readonly isTested: boolean;
}

/** One stack, with its templates. */
export interface Layout {
  readonly name: string;
  /** Seeds do not draw it: it is asked for by its name. */
  readonly isByName?: true;
  readonly endpoint: EndpointLayout;
  /** Of the edition that has a second one. */
  readonly second: EndpointLayout;
  readonly editions: Readonly<Record<Edition, object>>;
  readonly bucketStack: object;
}

/** Whether an edition has the second endpoint. */
export function hasSecond(edition: Edition): boolean {
  return edition === 'second endpoint';
}

/** The sources that an edition declares. */
export function sourcesOf(
  { sources, otherSources }: Pick<EndpointLayout, 'sources' | 'otherSources'>,
  edition: Edition,
): SourceKeys {
  return edition === 'sources' || edition === 'failing sources' ? otherSources : sources;
}

/** The keys that some edition's models load. */
export function keysOf({ sources, otherSources }: EndpointLayout): string[] {
  return [...new Set([...sources.keys, ...otherSources.keys])];
}

/** The keys or names of single archives, in the order of the containers that load them. */
export function archiveKeys({ keys, prefix }: SourceKeys): string[] {
  return keys.filter((key) => prefix === undefined || !key.startsWith(prefix));
}

/** Whether the sources have this name, or the object with this key is one, or they choose from it. */
export function hasSource(sources: SourceKeys, name: string): boolean {
  const { prefix, marker } = sources;
  const isListed = prefix !== undefined && name.startsWith(prefix) && name !== marker;
  return isListed || archiveKeys(sources).some((each) => each === name || choosesFrom(each, name));
}

/** Whether `next` lacks a source of `sources`. */
export function removesSource(sources: SourceKeys, next: SourceKeys): boolean {
  const names = sources.prefix === undefined ? archiveKeys(sources) : [...archiveKeys(sources), sources.prefix];
  return names.some((name) => !hasSource(next, name));
}

export const DATA_STACK = 'Data';
export const ENDPOINT_STACK = 'Serving';
/** Of the endpoint that every stack has; its id is of stack and construct. */
export const ENDPOINT_NAME = 'Iris';
export const ENDPOINT_ID = `${ENDPOINT_STACK}/Endpoint`;
export const VARIANT_NAME = 'AllTraffic';

/** Whether a call is about the endpoint's state object. */
export function isStateKey({ id }: EndpointLayout, { Key }: { readonly Key?: string }): boolean {
  return Key === stateKey({ bucket: '', prefix: storePrefix(id) });
}

/** Whether a call is about an object of the endpoint's history. */
export function isHistoryKey({ id }: EndpointLayout, { Key = '' }: { readonly Key?: string }): boolean {
  return Key.startsWith(historyPrefix({ bucket: '', prefix: storePrefix(id) }));
}
