import { archiveKey, groupOf, kindOf } from '../worlds/source-names.ts';
import type { Chooser } from './chooser.ts';
import { NewestChooser } from './newest-chooser.ts';
import { PackageApprover } from './package-approver.ts';
import type { PersonContext } from './person-context.ts';
import { PointerWriter } from './pointer-writer.ts';

/** A source that chooses: each upload gets a key of its own. */
export class ChosenSource {
  readonly #context: PersonContext;
  readonly #name: string;
  readonly #chooser: Chooser;
  /** By the bytes of the archive: the same bytes are never stored twice. */
  readonly #keys = new Map<string, string>();
  #uploads = 0;

  constructor(context: PersonContext, name: string) {
    this.#context = context;
    this.#name = name;
    this.#chooser = chooserOf(context, name);
  }

  /** A key that no upload has had. */
  nextKey(): string {
    this.#uploads += 1;
    return archiveKey(this.#name, this.#uploads);
  }

  /** Makes the source choose these bytes. */
  async put(bytes: string): Promise<void> {
    const known = this.#keys.get(bytes);
    if (known !== undefined) {
      this.#context.journal.reached('an earlier archive was chosen again');
      return await this.#chooser.choose(known, bytes);
    }
    const overwritten = this.#chooser.overwrittenKey?.();
    const key = overwritten ?? this.nextKey();
    const { world } = this.#context;
    await world.call('s3', 'PutObject', { Bucket: world.bucket, Key: key, Body: Buffer.from(bytes) });
    if (overwritten === undefined) await this.added(key, bytes);
    else this.#keys.set(bytes, key);
  }

  /** The archive with these bytes is stored at the key. */
  async added(key: string, bytes: string): Promise<void> {
    this.#keys.set(bytes, key);
    await this.#chooser.add(key);
  }

  async remove(): Promise<void> {
    await this.#chooser.remove();
  }
}

/** The sources of the layout that choose, by name. */
export function chosenSources(context: PersonContext, names: readonly string[]): ReadonlyMap<string, ChosenSource> {
  const chosen = names.filter((name) => kindOf(name) !== undefined);
  return new Map(chosen.map((name) => [name, new ChosenSource(context, name)]));
}

function chooserOf(context: PersonContext, name: string): Chooser {
  switch (kindOf(name)) {
    case 'package':
      return new PackageApprover(context.world, groupOf(name));
    case 'newest':
      return new NewestChooser(context, name);
    default:
      return new PointerWriter(context, name);
  }
}
