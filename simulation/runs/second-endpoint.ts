import { UpdateFaults } from '../faults/update-faults.ts';
import type { Journal } from '../journal.ts';
import { Oracle } from '../oracle/oracle.ts';
import { PersonContext } from '../persons/person-context.ts';
import type { UploadAction } from '../persons/scenario.ts';
import { Uploader } from '../persons/uploader.ts';
import type { Random } from '../random.ts';
import { type Edition, hasSecond, keysOf } from '../worlds/layout.ts';
import type { World } from '../worlds/world.ts';

/** What the second endpoint is watched with. */
interface SecondOptions {
  readonly journal: Journal;
  readonly faultRandom: Random;
  readonly personRandom: Random;
  readonly s3SkewMs: number;
}

/** One life of the second endpoint: from its deployment until it is taken out of the stack. */
interface Life {
  readonly oracle: Oracle;
  readonly uploader: Uploader;
  readonly updateFaults: UpdateFaults;
}

/** The second endpoint on the same refresher, which editions add and remove. */
export class SecondEndpoint {
  readonly #world: World;
  readonly #options: SecondOptions;
  #life: Life | undefined;
  /** When its latest life ended. */
  #endedAt = 0;

  constructor(world: World, options: SecondOptions) {
    this.#world = world;
    this.#options = options;
  }

  /** Its oracle, while the stack has it or a deployment adds or removes it. */
  get oracle(): Oracle | undefined {
    return this.#life?.oracle;
  }

  get updateFaults(): UpdateFaults | undefined {
    return this.#life?.updateFaults;
  }

  /** Whether permissions may come and go with it since then. */
  isChangingSince(at: number): boolean {
    const { oracle } = this;
    return oracle ? oracle.ledger.isDeploying || !oracle.view.exists() : this.#endedAt >= at;
  }

  /** Whether a name, an ARN or a key is of this endpoint. */
  isNamedIn(text: string): boolean {
    const { id, endpointName, sources } = this.#world.layout.second;
    return [id, endpointName.toLowerCase(), ...sources.keys].some((name) =>
      text.toLowerCase().includes(name.toLowerCase()),
    );
  }

  /** People upload. */
  async act(action: UploadAction): Promise<void> {
    await this.#life?.uploader.act(action);
  }

  /** A deployment of this edition begins. */
  async deploymentBegins(edition: Edition): Promise<void> {
    const { journal } = this.#options;
    if (hasSecond(edition) && !this.#life) await this.#beginLife();
    const { oracle } = this;
    if (!oracle) return;
    oracle.deploymentBegun(edition);
    const isRefreshing = oracle.ledger.update?.by === 'controller';
    if (!hasSecond(edition) && isRefreshing) journal.reached('an endpoint was removed during a refresh');
  }

  /** The deployment has ended. */
  deploymentEnded(edition: Edition, result: 'succeeded' | 'failed'): void {
    const { journal } = this.#options;
    const { oracle } = this;
    if (!oracle) return;
    oracle.deploymentEnded();
    const exists = oracle.view.exists();
    if (result === 'succeeded' && exists !== hasSecond(edition)) {
      journal.violation(`after "${edition}" the second endpoint ${exists ? 'is still there' : 'does not exist'}`);
    }
    if (result === 'succeeded') journal.reached(exists ? 'a second endpoint is there' : 'an endpoint was removed');
    if (exists) return;
    this.#life = undefined;
    this.#endedAt = this.#world.clock.now();
  }

  async #beginLife(): Promise<void> {
    const { journal, faultRandom, personRandom, s3SkewMs } = this.#options;
    const { second } = this.#world.layout;
    const oracle = new Oracle(this.#world, second, { journal, s3SkewMs });
    const uploader = new Uploader(new PersonContext(oracle, personRandom, 0));
    this.#life = { oracle, uploader, updateFaults: new UpdateFaults(this.#world, journal, oracle, faultRandom) };
    // Its model is uploaded first: a deployment does not begin without.
    await uploader.uploadAll();
    for (const key of keysOf(second)) oracle.sources.record(key);
    oracle.begin();
  }
}
