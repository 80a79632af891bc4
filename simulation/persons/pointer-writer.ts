import { etagOf } from '../worlds/model-data.ts';
import type { Chooser } from './chooser.ts';
import type { PersonContext } from './person-context.ts';

/** Writes a pointer, and overwrites or deletes what it names. */
export class PointerWriter implements Chooser {
  readonly #context: PersonContext;
  /** Key of the pointer. */
  readonly #name: string;
  /** The key that it names; undefined: none. */
  #target: string | undefined;

  constructor(context: PersonContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  async add(key: string): Promise<void> {
    await this.#point(key);
  }

  /** Names it; its object is uploaded again where it was deleted or overwritten. */
  async choose(key: string, bytes: string): Promise<void> {
    if (this.#context.oracle.view.etagAt(this.#context.world.bucket, key) !== etagOf(bytes)) {
      await this.#put(key, bytes);
    }
    await this.#point(key);
  }

  overwrittenKey(): string | undefined {
    if (this.#target === undefined || !this.#context.random.chance(0.2)) return undefined;
    this.#context.journal.reached('the archive of a pointer overwritten');
    return this.#target;
  }

  /** Deletes the pointer, or the object that it names, or writes a text that names none. */
  async remove(): Promise<void> {
    const { world, random, journal } = this.#context;
    const Bucket = world.bucket;
    const target = this.#target;
    this.#target = undefined;
    const way = random.pick(['no pointer', 'no object', 'no URI'] as const);
    if (way !== 'no pointer') journal.reached('a pointer to nothing');
    if (way === 'no URI') return await this.#write(`nothing ${this.#context.nextNumber()}`);
    const Key = way === 'no object' ? (target ?? this.#name) : this.#name;
    await world.call('s3', 'DeleteObject', { Bucket, Key });
  }

  async #point(key: string): Promise<void> {
    const uri = `s3://${this.#context.world.bucket}/${key}`;
    this.#target = key;
    await this.#write(this.#context.random.chance(0.5) ? `${uri}\n` : JSON.stringify({ uri }));
  }

  async #write(text: string): Promise<void> {
    this.#context.world.addText(etagOf(text), text);
    this.#context.note(`writes ${this.#name}: ${text.trim()}`);
    await this.#put(this.#name, text);
  }

  async #put(key: string, body: string): Promise<void> {
    const { world } = this.#context;
    await world.call('s3', 'PutObject', { Bucket: world.bucket, Key: key, Body: Buffer.from(body) });
  }
}
