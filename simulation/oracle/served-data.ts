import { type Slot, type SlotData, slotDataFolder, slotDataKey, uriOf } from '@freshpoint/cdk/contract';
import type { OracleParts } from './parts.ts';

const SLOTS: readonly Slot[] = ['a', 'b'];

/** The data that the instances have loaded. */
export class ServedData {
  readonly #parts: OracleParts;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** Whether every instance that an update launched has loaded these bytes, by source; with `only`: as slot data. */
  serves(etags: ReadonlyMap<string, string>, only?: SlotData): boolean {
    const { world, ledger, sources } = this.#parts;
    const loaded = [...world.running].filter(({ spec }) => ledger.live?.loaded.has(spec.instanceId));
    if (loaded.length === 0) return false;
    const expected = only ? sources.inSlotData(etags, only) : etags;
    return loaded.every(({ data }) => {
      const found = new Map(data.map(({ uri, etag }) => [this.#sourceOf(uri), world.wholeEtag(etag)]));
      if (!only && found.size !== etags.size) return false;
      return [...expected].every(([uri, etag]) => found.get(uri) === etag);
    });
  }

  /** Everything that any instance has loaded, each once. */
  etags(): string[] {
    const data = [...this.#parts.world.running].flatMap((instance) => instance.data);
    return [...new Set(data.map(({ uri, etag }) => `${this.#sourceOf(uri)} ${etag}`))].sort();
  }

  /** The source of slot data, or the URI as it is. */
  #sourceOf(uri: string): string {
    const { data } = this.#parts.view.spec();
    if (!data) return uri;
    for (const slot of SLOTS) {
      for (const [index, file] of data.files.entries()) {
        if ('folder' in file) {
          const folder = `s3://${data.bucket}/${slotDataFolder(data.root, slot, index)}`;
          if (uri.startsWith(folder)) return `s3://${file.bucket}/${file.folder}${uri.slice(folder.length)}`;
          continue;
        }
        const isThis = uri === `s3://${data.bucket}/${slotDataKey(data.root, slot, index)}`;
        if (isThis) return uriOf(file);
      }
    }
    return uri;
  }
}
