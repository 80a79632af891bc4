import { type Slot, slotDataKey } from '@freshpoint/cdk/contract';
import type { OracleParts } from './parts.ts';

const SLOTS: readonly Slot[] = ['a', 'b'];

/** The data that the instances have loaded. */
export class ServedData {
  readonly #parts: OracleParts;

  constructor(parts: OracleParts) {
    this.#parts = parts;
  }

  /** Whether every instance that an update launched has loaded these bytes, by source. */
  serves(etags: ReadonlyMap<string, string>): boolean {
    const { world, ledger } = this.#parts;
    const loaded = [...world.running].filter(({ spec }) => ledger.live?.loaded.has(spec.instanceId));
    if (loaded.length === 0) return false;
    return loaded.every(
      ({ data }) =>
        data.length === etags.size &&
        data.every(({ uri, etag }) => etags.get(this.#sourceOf(uri)) === world.wholeEtag(etag)),
    );
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
        const isThis = uri === `s3://${data.bucket}/${slotDataKey(data.root, slot, index)}`;
        if (isThis && 'key' in file) return `s3://${file.bucket}/${file.key}`;
      }
    }
    return uri;
  }
}
