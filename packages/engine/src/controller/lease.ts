import type { PartialCopy, SlotLease } from '../policy/lease.ts';
import { withoutStored, withStored } from '../policy/retention.ts';
import type { EndpointState } from '../policy/state.ts';
import type { StagingOutcome, StoredState } from '../ports.ts';
import type { StoredEndpoint } from './pass.ts';

/** The lease on a slot's data, written to the state before the first byte is. */
export class StagingLease {
  readonly #context: StoredEndpoint;
  #lease: SlotLease;
  #recorded: StoredState;

  constructor(context: StoredEndpoint, recorded: StoredState, lease: SlotLease) {
    this.#context = context;
    this.#recorded = recorded;
    this.#lease = lease;
  }

  /** The state as the lease wrote it last. */
  get recorded(): StoredState {
    return this.#recorded;
  }

  async acquire(): Promise<void> {
    const { ports, store } = this.#context;
    const before = this.#recorded.state.lease?.partialCopy;
    await this.#write({ ...this.#recorded.state, lease: this.#lease });
    const isResumed = before?.uploadId === this.#lease.partialCopy?.uploadId;
    if (before && !isResumed) await ports.revisions.abandon(store, before);
  }

  /** Gives the lease up before anything is copied; an earlier copy can still be resumed. `edit`: what else is known. */
  async release(edit = (state: EndpointState): EndpointState => state): Promise<void> {
    const { lease: _, ...rest } = this.#recorded.state;
    const { partialCopy } = this.#lease;
    await this.#write({ ...edit(rest), ...(partialCopy && { lease: { ...this.#lease, paused: true } }) });
  }

  /**
   * Copies, notes what the revision store has then, and releases or pauses the lease. After an error it stays held:
   * requests that were sent may still arrive.
   */
  async run(
    copy: (begun: (partialCopy: PartialCopy) => Promise<void>) => Promise<StagingOutcome>,
  ): Promise<StagingOutcome> {
    const outcome = await copy(async (partialCopy) => {
      this.#lease = { ...this.#lease, partialCopy };
      await this.#write({ ...this.#recorded.state, lease: this.#lease });
    });
    if (outcome.kind === 'unfinished') await this.#pause(outcome.partialCopy);
    else await this.#end(outcome);
    return outcome;
  }

  async #end({ kind }: StagingOutcome): Promise<void> {
    const { revision } = this.#lease;
    const { state } = this.#recorded;
    if (kind === 'staged') this.#recorded = { ...this.#recorded, state: withStored(state, revision) };
    if (kind === 'missing') this.#recorded = { ...this.#recorded, state: withoutStored(state, revision) };
    const { lease: _, ...rest } = this.#recorded.state;
    await this.#write(rest);
    const { partialCopy } = this.#lease;
    // Otherwise S3 would charge for its parts for ever.
    const { ports, store } = this.#context;
    if (partialCopy && kind !== 'staged') await ports.revisions.abandon(store, partialCopy);
  }

  async #pause(copy: PartialCopy | undefined): Promise<void> {
    const { partialCopy: _, ...rest } = this.#lease;
    const lease = {
      ...rest,
      at: this.#context.ports.now(),
      paused: true,
      ...(copy && { partialCopy: copy }),
    } as const;
    await this.#write({ ...this.#recorded.state, lease });
  }

  async #write(state: EndpointState): Promise<void> {
    const { ports, store } = this.#context;
    const etag = await ports.states.write(store, state, this.#recorded.etag);
    this.#recorded = { state, etag };
  }
}
