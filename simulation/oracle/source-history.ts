import { type SlotData, uriOf } from '@freshpoint/cdk/contract';
import { archiveKeys, type EndpointLayout, hasSource, type SourceKeys } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';
import { type FoundObject, foundBelow } from './found-objects.ts';
import { TOLERANCE_MS } from './ledger.ts';
import { readSources, type SourceSnapshot, snapshotOf, sourceName, sourceUri } from './sources.ts';

/** Since when these sources have been declared. */
interface Declaration {
  readonly sources: SourceKeys;
  readonly at: number;
}

/** A `waitTime`, in seconds, and since when it has been declared. */
interface WaitTime {
  readonly seconds: number;
  readonly at: number;
}

interface StoredObject {
  readonly sources: SourceKeys;
  readonly uri: string;
  readonly etag: string;
}

/** The marker since then. */
interface MarkerEntry {
  readonly at: number;
  /** Absent: there is none. */
  readonly modified?: number;
}

/** Everything that was ever stored at the sources, of the editions of a stack. */
export class SourceHistory {
  readonly #world: World;
  readonly #layout: EndpointLayout;
  readonly #timelines: ReadonlyMap<SourceKeys, SourceSnapshot[]>;
  /** Oldest first; the last one holds. */
  readonly #declarations: Declaration[];
  /** ETags by URI of each revision that there ever was. */
  readonly #data = new Map<string, ReadonlyMap<string, string>>();
  readonly #markers: MarkerEntry[] = [];
  readonly #waitTimes: WaitTime[] = [];
  /** Each object that was ever stored, by URI and ETag. */
  readonly #objects = new Map<string, FoundObject>();

  constructor(world: World, layout: EndpointLayout) {
    this.#world = world;
    this.#layout = layout;
    this.#timelines = new Map([layout.sources, layout.otherSources].map((sources) => [sources, []]));
    this.#declarations = [{ sources: layout.sources, at: 0 }];
  }

  /** The sources that the stack declares. */
  get declared(): SourceKeys {
    return this.#declarations.at(-1)?.sources ?? this.#layout.sources;
  }

  /** What was stored at the declared sources, also before they were declared. */
  get entries(): readonly SourceSnapshot[] {
    return this.entriesOf(this.declared);
  }

  /** The objects that are stored now. */
  get current(): SourceSnapshot {
    return entryOrFirst(this.entries.at(-1), this.entries);
  }

  /** What was stored at these sources, oldest first. */
  entriesOf(sources: SourceKeys): readonly SourceSnapshot[] {
    return this.#timelines.get(sources) ?? [];
  }

  /** The objects that were stored at that time. */
  at(at: number, sources = this.declared): SourceSnapshot {
    const entries = this.entriesOf(sources);
    return entryOrFirst(
      entries.findLast((entry) => entry.at <= at),
      entries,
    );
  }

  /** The object with this key, or the approved package of this group, has changed. Returns whether it is a source. */
  record(name: string): boolean {
    if (name === this.declared.marker) this.#markers.push(readMarker(this.#world, name));
    const changed = [...this.#timelines].filter(([sources]) => hasSource(sources, name));
    for (const [sources, timeline] of changed) {
      const now = readSources(this.#world, sources);
      // Of what a source chooses from, most changes nothing.
      if (!isNamedBy(sources, name) && isSame(now, timeline.at(-1))) continue;
      timeline.push(now);
      this.#add(now);
    }
    return changed.length > 0;
  }

  /** LastModified of the marker at that time, by S3's clock; undefined: there was none. */
  markerAt(at: number): number | undefined {
    return this.#markers.findLast((marker) => marker.at <= at)?.modified;
  }

  /** The stack declares these sources from now on. */
  declare(sources: SourceKeys): void {
    if (sources !== this.declared) this.#declarations.push({ sources, at: this.#world.clock.now() });
  }

  /** A deployment makes slot data of these ETags, by URI. Returns their revision. */
  learn(sources: SourceKeys, etags: ReadonlyMap<string, string>): string | undefined {
    const isNamed = ({ name }: FoundObject) => archiveKeys(sources).includes(name);
    const loaded = [...etags].flatMap(([uri, etag]) => this.#objects.get(`${uri} ${etag}`) ?? []);
    const stored = this.at(this.#world.clock.now(), sources).objects;
    const listed = (this.#layout.slotData === 'all' ? loaded : stored).filter((object) => !isNamed(object));
    const found = snapshotOf(this.#world, sources, [...loaded.filter(isNamed), ...listed]);
    this.#add(found);
    return found.revision;
  }

  /** The stack declares this `waitTime`, in seconds, from now on. */
  declareWaitTime(seconds: number): void {
    this.#waitTimes.push({ seconds, at: this.#world.clock.now() });
  }

  /** Whether it is what the endpoint was created with. */
  isFirst(entry: SourceSnapshot): boolean {
    return entry === this.first;
  }

  /** What the endpoint was created with. */
  get first(): SourceSnapshot {
    const entries = this.entriesOf(this.#layout.sources);
    return entryOrFirst(entries[0], entries);
  }

  /** Forgets all but what the endpoint was created with. */
  begin(): void {
    for (const timeline of this.#timelines.values()) timeline.splice(0, timeline.length - 1);
  }

  /** ETags of a revision by URI. */
  dataOf(revision: string | undefined): ReadonlyMap<string, string> | undefined {
    return revision === undefined ? undefined : this.#data.get(revision);
  }

  /** The same, of the sources that are declared. */
  declaredDataOf(revision: string): ReadonlyMap<string, string> | undefined {
    const data = this.dataOf(revision);
    return data && new Map([...data].filter(([uri]) => hasSource(this.declared, sourceName(this.#world, uri))));
  }

  /** Whether the revision has data for each source that is declared, except for a prefix that models load in place. */
  isWhole(revision: string): boolean {
    const uris = [...(this.dataOf(revision)?.keys() ?? [])];
    const { prefix } = this.declared;
    if (this.#layout.slotData === 'all' && prefix !== undefined) {
      const folder = sourceUri(this.#world, prefix);
      if (!uris.some((uri) => uri.startsWith(folder))) return false;
    }
    return archiveKeys(this.declared).every((key) => uris.includes(sourceUri(this.#world, key)));
  }

  /** Whether these bytes were at the sources at that time, or have been since. */
  wasStoredSince(at: number, { sources, uri, etag }: StoredObject): boolean {
    const since = this.entriesOf(sources).filter((entry) => entry.at > at);
    return [this.at(at, sources), ...since].some(({ etags }) => etags.get(uri) === etag);
  }

  /** ETags of a revision. */
  etagsOf(revision: string | undefined): readonly string[] | undefined {
    const data = this.dataOf(revision);
    return data && [...data.values()];
  }

  /** What of these ETags by URI is slot data, in the order of its sources. */
  inSlotData(etags: ReadonlyMap<string, string>, { files }: SlotData): ReadonlyMap<string, string | undefined> {
    return new Map(
      files.flatMap((file) => {
        if (!('folder' in file)) return [[uriOf(file), etags.get(uriOf(file))] as const];
        const folder = `s3://${file.bucket}/${file.folder}`;
        return [...etags].filter(([uri]) => uri.startsWith(folder));
      }),
    );
  }

  /** ETags of a revision's slot data, in the order of its sources; those in a folder in the order of their keys. */
  slotEtagsOf(revision: string | undefined, data: SlotData): readonly (string | undefined)[] | undefined {
    const etags = this.dataOf(revision);
    return etags && [...this.inSlotData(etags, data).values()];
  }

  /** The revisions with this slot data: several, if the sources were others once. */
  revisionsWith(etags: readonly (string | undefined)[], data: SlotData): string[] {
    const expected = JSON.stringify(etags);
    return [...this.#data.keys()].filter((revision) => JSON.stringify(this.slotEtagsOf(revision, data)) === expected);
  }

  /** Whether a revision was ever refused because one of its sources was missing. */
  isPartial(revision: string): boolean {
    const all = [...this.#timelines.values()].flat();
    return all.some(({ partialRevision }) => partialRevision === revision);
  }

  /** Since when there has been a change every `waitTime` seconds, as declared then, or more often. */
  unsettledSince(at: number): number {
    let since = at;
    let next = at;
    for (const entry of [...this.entries].reverse()) {
      if (entry.at > at) continue;
      // A source settles `waitTime` after it was first seen and last written, unless something newer came by then.
      const seenAt = Math.max(entry.seenAt ?? entry.at, entry.at);
      if (next - seenAt > this.#longestWaitMs(seenAt, next) + TOLERANCE_MS) break;
      since = entry.at;
      next = entry.at;
    }
    return since;
  }

  #longestWaitMs(from: number, until: number): number {
    const before = this.#waitTimes.findLast(({ at }) => at <= from);
    const since = this.#waitTimes.filter(({ at }) => at > from && at <= until);
    return Math.max(...[before, ...since].map((declared) => (declared?.seconds ?? 0) * 1000));
  }

  /** How many revisions have settled since the story began. */
  countSettled(): number {
    return this.#declarations.reduce((sum, { sources, at }, index) => {
      const until = this.#declarations[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return sum + this.#countSettledOf(this.entriesOf(sources), { from: at, until });
    }, 0);
  }

  /** Those that were stored while the sources were declared, or when that began. */
  #countSettledOf(
    timeline: readonly SourceSnapshot[],
    { from, until }: { readonly from: number; readonly until: number },
  ): number {
    const { waitTime, maxWaitTime } = this.#layout;
    const begin = timeline.findLastIndex(({ at }) => at <= from);
    const entries = timeline.slice(Math.max(begin, 1)).filter(({ at }) => at < until);
    const [first] = entries;
    if (!first) return 0;
    const settled = entries.filter(({ at, newest }, index) => {
      const nextAt = entries[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return nextAt - at >= waitTime * 1000 - TOLERANCE_MS || newest === entries[index - 1]?.newest;
    });
    const spanMs = (entries.at(-1) ?? first).at - first.at;
    const endless = maxWaitTime === undefined ? 0 : Math.floor(spanMs / maxWaitTime / 1000);
    return settled.length + endless;
  }

  #add({ revision, etags, objects }: SourceSnapshot): void {
    if (revision !== undefined) this.#data.set(revision, etags);
    for (const object of objects) {
      const etag = this.#world.wholeEtag(object.etag);
      this.#objects.set(`${sourceUri(this.#world, object.name)} ${etag}`, object);
    }
  }
}

/** Whether the sources have an object with this key, or a pointer, and do not only choose from it. */
function isNamedBy({ keys, prefix }: SourceKeys, name: string): boolean {
  return keys.includes(name) || (prefix !== undefined && name.startsWith(prefix));
}

function isSame(one: SourceSnapshot, other: SourceSnapshot | undefined): boolean {
  const isSameRevision = one.revision === other?.revision && one.partialRevision === other?.partialRevision;
  return isSameRevision && one.newest === other?.newest;
}

function readMarker(world: World, key: string): MarkerEntry {
  const [marker] = foundBelow(world, key).filter((each) => each.key === key);
  return { at: world.clock.now(), ...(marker && { modified: marker.modified }) };
}

function entryOrFirst(entry: SourceSnapshot | undefined, entries: readonly SourceSnapshot[]): SourceSnapshot {
  const found = entry ?? entries[0];
  if (!found) throw new Error('nothing was uploaded yet');
  return found;
}
