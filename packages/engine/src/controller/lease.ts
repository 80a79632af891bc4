import type { EndpointState, PartialCopy, Staging } from '../policy/state.ts';
import type { StagingOutcome, StoredState } from '../ports.ts';
import type { StoredEndpoint } from './pass.ts';

/**
 * A lease on a slot's data, written to the state before the first byte is. No other pass stages to the slot or swaps
 * to it until the lease is released or expires.
 */
export class StagingLease {
  readonly #context: StoredEndpoint;
  #staging: Staging;
  #recorded: StoredState;

  constructor(context: StoredEndpoint, recorded: StoredState, staging: Staging) {
    this.#context = context;
    this.#recorded = recorded;
    this.#staging = staging;
  }

  /** The state as the lease wrote it last. */
  get recorded(): StoredState {
    return this.#recorded;
  }

  async acquire(): Promise<void> {
    await this.#write({ ...this.#recorded.state, staging: this.#staging });
  }

  async release(): Promise<void> {
    const { staging: _, ...rest } = this.#recorded.state;
    await this.#write(rest);
  }

  /**
   * Copies, then releases or pauses the lease. After an error it stays held: requests that were sent may still
   * arrive.
   */
  async run(
    copy: (begun: (partialCopy: PartialCopy) => Promise<void>) => Promise<StagingOutcome>,
  ): Promise<StagingOutcome> {
    const outcome = await copy(async (partialCopy) => {
      this.#staging = { ...this.#staging, partialCopy };
      await this.acquire();
    });
    if (outcome.kind === 'unfinished') await this.#pause(outcome.partialCopy);
    else await this.release();
    return outcome;
  }

  async #pause(copy: PartialCopy | undefined): Promise<void> {
    const { partialCopy: _, ...rest } = this.#staging;
    const staging = {
      ...rest,
      at: this.#context.ports.now(),
      paused: true,
      ...(copy && { partialCopy: copy }),
    } as const;
    await this.#write({ ...this.#recorded.state, staging });
  }

  async #write(state: EndpointState): Promise<void> {
    const { ports, store } = this.#context;
    const etag = await ports.states.write(store, state, this.#recorded.etag);
    this.#recorded = { state, etag };
  }
}
