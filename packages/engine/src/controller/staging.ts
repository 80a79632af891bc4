import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type Next, pollSeconds } from '../policy/next.ts';
import type { SourceFile } from '../policy/observation.ts';
import { type CopyUnderWay, type EndpointState, type Filling, quarantine } from '../policy/state.ts';
import type { FillFrom, FillOutcome, Ports } from '../ports.ts';
import { short, tell } from './publish.ts';
import type { Outcome } from './result.ts';

/** When something was written while it was copied, or somebody moved the endpoint, in seconds until the next look. */
const CHANGED_SECONDS = 5;

/** A filled place, and the state that no longer speaks of it. */
interface Filled {
  readonly kind: 'filled';
  readonly state: EndpointState;
  readonly stateVersion: number;
}

/** Fills the place of the slot that isn't active. */
export async function fill(
  ports: Ports,
  endpoint: string,
  spec: EndpointSpec,
  known: { readonly state: EndpointState; readonly stateVersion: number },
  { because, filling, from }: Next & { readonly kind: 'fill' },
  files: readonly SourceFile[],
  isTimeUp: () => boolean,
): Promise<Outcome | Filled> {
  const { slot, revision } = filling;
  const again = (decision: 'fill' | 'wait', why: string, detail: string, seconds: number): Outcome => {
    const told = { endpoint, decision, because: why, detail, revision: short(revision), slot, seconds };
    ports.telemetry.decision(told);
    return { kind: 'open', seconds };
  };
  const word = new FillingWord(ports, endpoint, known, filling);
  await word.begin();
  if (!(await isStillInactive(ports, spec, filling))) {
    await word.end();
    return again('wait', 'endpoint-busy', 'the endpoint was moved meanwhile', CHANGED_SECONDS);
  }
  const source: FillFrom = from === 'sources' ? { kind: 'sources', files } : { kind: 'retained' };
  const outcome = await word.during((begun) =>
    ports.places.fill(spec.data!, slot, revision, source, { isTimeUp, upload: filling.upload, begun }),
  );
  switch (outcome.kind) {
    case 'unfinished':
      return again('fill', because, 'not finished yet', 1);
    case 'changed':
      return again('wait', 'settling', 'a source was written while it was copied', CHANGED_SECONDS);
    case 'filled':
      ports.telemetry.decision({ endpoint, decision: 'fill', because, revision: short(revision), slot });
      return { kind: 'filled', state: word.state, stateVersion: word.stateVersion };
    case 'not-retained': {
      const reason = `Revision ${short(revision)} is not retained any more. Upload it again.`;
      const configName = spec.configs[slot];
      await tell(ports, endpoint, spec, [
        { what: 'refused', revision, slot, configName, reason, retried: false, by: 'person', sources: [] },
      ]);
      const next = quarantine({ ...word.state, wanted: undefined }, revision, reason, ports.now());
      await ports.records.write(endpoint, next, word.stateVersion);
      return { kind: 'open', seconds: pollSeconds(spec) };
    }
  }
}

async function isStillInactive(ports: Ports, { endpointName, configs }: EndpointSpec, { slot }: Filling) {
  const view = await ports.endpoints.describe(endpointName);
  return view !== 'gone' && view.status === 'InService' && view.configName !== configs[slot];
}

/**
 * The state's word that a place is being filled: written before its first byte is, so that nobody else begins, nor swaps
 * to the slot, before this is over or its writer surely gone.
 */
export class FillingWord {
  readonly #ports: Ports;
  readonly #endpoint: string;
  #filling: Filling;
  state: EndpointState;
  stateVersion: number;

  constructor(
    ports: Ports,
    endpoint: string,
    known: { readonly state: EndpointState; readonly stateVersion: number },
    filling: Filling,
  ) {
    this.#ports = ports;
    this.#endpoint = endpoint;
    this.#filling = filling;
    this.state = known.state;
    this.stateVersion = known.stateVersion;
  }

  async begin(): Promise<void> {
    await this.#write({ ...this.state, filling: this.#filling });
  }

  async end(): Promise<void> {
    const { filling: _, ...rest } = this.state;
    await this.#write(rest);
  }

  /** Does it, and writes what came of it. After an error the word stands: what was sent may still arrive. */
  async during(work: (begun: (upload: CopyUnderWay) => Promise<void>) => Promise<FillOutcome>): Promise<FillOutcome> {
    const outcome = await work(async (upload) => {
      this.#filling = { ...this.#filling, upload };
      await this.begin();
    });
    if (outcome.kind !== 'unfinished') {
      await this.end();
      return outcome;
    }
    const { upload: _, ...rest } = this.#filling;
    const upload = outcome.upload && { upload: outcome.upload };
    await this.#write({ ...this.state, filling: { ...rest, at: this.#ports.now(), paused: true, ...upload } });
    return outcome;
  }

  async #write(state: EndpointState): Promise<void> {
    this.stateVersion = await this.#ports.records.write(this.#endpoint, state, this.stateVersion);
    this.state = state;
  }
}
