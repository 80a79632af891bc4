import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type Next, pollSeconds } from '../policy/next.ts';
import type { SourceFile } from '../policy/observation.ts';
import { type EndpointState, type PartialCopy, quarantine, type Staging } from '../policy/state.ts';
import type { Ports, StagingOutcome, StagingSource } from '../ports.ts';
import { publish, shortRevision } from './publish.ts';
import type { ReconcileResult } from './result.ts';

/** When something was written while it was copied, or somebody moved the endpoint, in seconds until the next look. */
const CHANGED_SECONDS = 5;

/** A filled place, and the state that no longer speaks of it. */
interface Staged {
  readonly kind: 'staged';
  readonly state: EndpointState;
  readonly stateVersion: number;
}

/** Fills the place of the slot that isn't active. */
export async function stage(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  known: { readonly state: EndpointState; readonly stateVersion: number },
  { reason, staging, from }: Next & { readonly kind: 'stage' },
  files: readonly SourceFile[],
  isTimeUp: () => boolean,
): Promise<ReconcileResult | Staged> {
  const { slot, revision } = staging;
  const again = (decision: 'stage' | 'requeue', why: string, message: string, seconds: number): ReconcileResult => {
    const told = { endpoint, decision, reason: why, message, revision: shortRevision(revision), slot, seconds };
    ports.telemetry.decision(told);
    return { kind: 'requeue', seconds };
  };
  const word = new StagingLease(ports, endpoint, known, staging);
  await word.acquire();
  if (!(await isStillInactive(ports, spec, staging))) {
    await word.release();
    return again('requeue', 'EndpointBusy', 'the endpoint was moved meanwhile', CHANGED_SECONDS);
  }
  const source: StagingSource = from === 'sources' ? { kind: 'sources', files } : { kind: 'retained' };
  const outcome = await word.run((begun) =>
    ports.slotStore.stage(spec.data!, slot, revision, source, { isTimeUp, partialCopy: staging.partialCopy, begun }),
  );
  switch (outcome.kind) {
    case 'unfinished':
      return again('stage', reason, 'not finished yet', 1);
    case 'changed':
      return again('requeue', 'Settling', 'a source was written while it was copied', CHANGED_SECONDS);
    case 'staged':
      ports.telemetry.decision({
        endpoint,
        decision: 'stage',
        reason: reason,
        revision: shortRevision(revision),
        slot,
      });
      return { kind: 'staged', state: word.state, stateVersion: word.stateVersion };
    case 'not-retained': {
      const message = `Revision ${shortRevision(revision)} is not retained any more. Upload it again.`;
      const configName = spec.configs[slot];
      await publish(ports, endpoint, spec, [
        { type: 'refused', revision, slot, configName, message, retried: false, trigger: 'pin', sources: [] },
      ]);
      const next = quarantine({ ...word.state, pin: undefined }, { revision, at: ports.now(), message });
      await ports.records.write(endpoint, next, word.stateVersion);
      return { kind: 'requeue', seconds: pollSeconds(spec) };
    }
  }
}

async function isStillInactive(ports: Ports, { endpointName, configs }: EndpointSpec, { slot }: Staging) {
  const view = await ports.endpoints.describe(endpointName);
  return view !== 'gone' && view.status === 'InService' && view.configName !== configs[slot];
}

/**
 * The state's word that a place is being filled: written before its first byte is, so that nobody else begins, nor swaps
 * to the slot, before this is over or its writer surely gone.
 */
export class StagingLease {
  readonly #ports: Ports;
  readonly #endpoint: string;
  #staging: Staging;
  state: EndpointState;
  stateVersion: number;

  constructor(
    ports: Ports,
    endpoint: string,
    known: { readonly state: EndpointState; readonly stateVersion: number },
    staging: Staging,
  ) {
    this.#ports = ports;
    this.#endpoint = endpoint;
    this.#staging = staging;
    this.state = known.state;
    this.stateVersion = known.stateVersion;
  }

  async acquire(): Promise<void> {
    await this.#write({ ...this.state, staging: this.#staging });
  }

  async release(): Promise<void> {
    const { staging: _, ...rest } = this.state;
    await this.#write(rest);
  }

  /** Does it, and writes what came of it. After an error the word stands: what was sent may still arrive. */
  async run(
    work: (begun: (partialCopy: PartialCopy) => Promise<void>) => Promise<StagingOutcome>,
  ): Promise<StagingOutcome> {
    const outcome = await work(async (partialCopy) => {
      this.#staging = { ...this.#staging, partialCopy };
      await this.acquire();
    });
    if (outcome.kind !== 'unfinished') {
      await this.release();
      return outcome;
    }
    const { partialCopy: _, ...rest } = this.#staging;
    const partialCopy = outcome.partialCopy && { partialCopy: outcome.partialCopy };
    await this.#write({ ...this.state, staging: { ...rest, at: this.#ports.now(), paused: true, ...partialCopy } });
    return outcome;
  }

  async #write(state: EndpointState): Promise<void> {
    this.stateVersion = await this.#ports.records.write(this.#endpoint, state, this.stateVersion);
    this.state = state;
  }
}
