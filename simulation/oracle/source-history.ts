import type { SlotData } from '@freshpoint/cdk/contract';
import { uriOf } from '@freshpoint/engine/policy/source-object';
import type { World } from '../worlds/world.ts';
import { TOLERANCE_MS } from './ledger.ts';
import { readSources, type SourceSnapshot } from './sources.ts';

/** Everything that was ever stored at the sources. */
export class SourceHistory {
  readonly entries: SourceSnapshot[] = [];
  readonly #world: World;
  /** ETags by URI of each revision that there ever was. */
  readonly #data = new Map<string, ReadonlyMap<string, string>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The objects that are stored now. */
  get current(): SourceSnapshot {
    return this.#entryOrFirst(this.entries.at(-1));
  }

  /** The objects that were stored at that time. */
  at(at: number): SourceSnapshot {
    return this.#entryOrFirst(this.entries.findLast((entry) => entry.at <= at));
  }

  /** The sources have changed. */
  record(): void {
    const now = readSources(this.#world);
    this.entries.push(now);
    if (now.revision !== undefined) this.#data.set(now.revision, now.etags);
  }

  /** Whether it is what the endpoint was created with. */
  isFirst(entry: SourceSnapshot): boolean {
    return entry === this.entries[0];
  }

  /** Forgets all but what the endpoint was created with. */
  begin(): void {
    this.entries.splice(0, this.entries.length - 1);
  }

  /** ETags of a revision by URI. */
  dataOf(revision: string | undefined): ReadonlyMap<string, string> | undefined {
    return revision === undefined ? undefined : this.#data.get(revision);
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

  /** The revision with this slot data. */
  revisionWith(etags: readonly (string | undefined)[], data: SlotData): string | undefined {
    const expected = JSON.stringify(etags);
    return [...this.#data.keys()].find((revision) => JSON.stringify(this.slotEtagsOf(revision, data)) === expected);
  }

  /** Since when there has been a change every `waitTime` seconds or more often. */
  unsettledSince(at: number, waitTime: number): number {
    let since = at;
    let next = at;
    for (const entry of [...this.entries].reverse()) {
      if (entry.at > at) continue;
      // A source settles `waitTime` after it was first seen, unless something newer came by then.
      const seenAt = entry.seenAt ?? entry.at;
      if (next - seenAt > waitTime * 1000 + TOLERANCE_MS) break;
      since = Math.min(since, seenAt);
      next = entry.at;
    }
    return since;
  }

  /** How many revisions have settled since the story began. */
  countSettled(): number {
    const { waitTime, maxWaitTime } = this.#world.layout;
    const [first, ...more] = this.entries.slice(1);
    if (!first) return 0;
    const entries = [first, ...more];
    const settled = entries.filter(({ at, newest }, index) => {
      const nextAt = entries[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return nextAt - at >= waitTime * 1000 - TOLERANCE_MS || newest === entries[index - 1]?.newest;
    });
    const spanMs = (entries.at(-1) ?? first).at - first.at;
    const endless = maxWaitTime === undefined ? 0 : Math.floor(spanMs / maxWaitTime / 1000);
    return settled.length + endless;
  }

  #entryOrFirst(entry: SourceSnapshot | undefined): SourceSnapshot {
    const found = entry ?? this.entries[0];
    if (!found) throw new Error('nothing was uploaded yet');
    return found;
  }
}
