import { affixesOf } from '../worlds/source-names.ts';
import type { Chooser } from './chooser.ts';
import type { PersonContext } from './person-context.ts';

/** Archives below a prefix, the newest of which is the model: a training job's output is chosen by its upload. */
export class NewestChooser implements Chooser {
  readonly #context: PersonContext;
  readonly #name: string;

  constructor(context: PersonContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  add(): Promise<void> {
    return Promise.resolve();
  }

  /** Deletes the archives that are newer, or uploads this one again. */
  async choose(key: string, bytes: string): Promise<void> {
    const { world, random } = this.#context;
    const keys = this.#storedKeys();
    const at = keys.indexOf(key);
    const newer = at < 0 ? [] : keys.slice(at + 1);
    if (newer.length > 0 && random.chance(0.5)) return await this.#delete(newer);
    await world.call('s3', 'PutObject', { Bucket: world.bucket, Key: key, Body: Buffer.from(bytes) });
  }

  /** Deletes the newest archive, or all of them. */
  async remove(): Promise<void> {
    const keys = this.#storedKeys();
    await this.#delete(this.#context.random.chance(0.5) ? keys.slice(-1) : keys);
  }

  async #delete(keys: readonly string[]): Promise<void> {
    const { world } = this.#context;
    // The newest last: until then it is the model.
    for (const Key of keys) await world.call('s3', 'DeleteObject', { Bucket: world.bucket, Key });
  }

  /** Oldest first; of several, in the order of their keys. */
  #storedKeys(): string[] {
    const { world } = this.#context;
    const { prefix } = affixesOf(this.#name);
    const { Contents = [] } = world.peek('s3', 'ListObjectsV2', { Bucket: world.bucket, Prefix: prefix });
    return Contents.toSorted((one, other) => one.LastModified.getTime() - other.LastModified.getTime()).map(
      ({ Key }) => Key,
    );
  }
}
