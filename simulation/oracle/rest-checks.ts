import { slotRecordKey } from '@freshpoint/cdk/contract';
import type { EndpointState, QuarantineEntry } from '@freshpoint/engine/policy/state';
import type { OracleParts } from './parts.ts';
import type { PinWatch } from './pin-watch.ts';
import type { ServedData } from './served-data.ts';

/** The revision that the endpoint should serve. */
interface Expected {
  readonly revision: string;
  /** Absent: it is the newest upload. */
  readonly isPinned?: true;
}

/** Whether everything is at rest. */
export class RestChecks {
  readonly #parts: OracleParts;
  readonly #served: ServedData;
  readonly #pins: PinWatch;

  constructor(parts: OracleParts, served: ServedData, pins: PinWatch) {
    this.#parts = parts;
    this.#pins = pins;
    this.#served = served;
  }

  /** Unfinished work; empty when the newest upload serves or is quarantined and nothing is under way. */
  unfinished(): string[] {
    const { view, sources, ledger } = this.#parts;
    const endpoint = view.endpoint();
    const state = view.state();
    const spec = view.spec();
    const found: string[] = [];
    if (endpoint.EndpointStatus !== 'InService') found.push(`the endpoint is ${endpoint.EndpointStatus}`);
    const slots = [spec.configs.a, spec.configs.b];
    if (!slots.includes(endpoint.EndpointConfigName)) found.push(`the endpoint runs ${endpoint.EndpointConfigName}`);
    if (state.rollout) found.push(`the state has a rollout in phase ${state.rollout.phase}`);
    if (state.upcoming) found.push('the state has an upload that settles during an update');
    if (state.lostAt !== undefined) found.push('the state is not rebuilt');
    const pin = this.#pins.inForce(state);
    if (pin) return [...found, ...this.#unserved(state, { revision: pin.revision, isPinned: true })];
    const { revision, partialRevision } = sources.current;
    if (revision === undefined) {
      // What a person pinned while a file was missing serves until something is uploaded.
      if (state.pin && ledger.pinned.has(state.pin.revision)) {
        return [...found, ...this.#unserved(state, { revision: state.pin.revision, isPinned: true })];
      }
      const isRefused = state.quarantine?.some((each) => each.revision === partialRevision);
      return isRefused ? found : [...found, 'a source is missing'];
    }
    const entry = state.quarantine?.find((each) => each.revision === revision);
    if (entry?.failedSmokeTests && this.#couldRollBack(state, entry)) {
      found.push('a revision that failed its smoke test serves');
    }
    return [...found, ...this.#unserved(state, { revision })];
  }

  /** Why it neither serves this revision nor has quarantined it. */
  #unserved(state: EndpointState, { revision, isPinned }: Expected): string[] {
    const { sources, ledger, layout, view } = this.#parts;
    const entry = state.quarantine?.find((each) => each.revision === revision);
    if (entry) {
      return entry.message ? [] : ['the expected revision is quarantined without a reason'];
    }
    const { current } = sources;
    const data = revision === current.revision ? current.etags : sources.declaredDataOf(revision);
    if (!data) return [];
    const isUntested = ledger.untested.has(revision) || this.#isForgotten(revision);
    const isBroken = !isUntested && [...data.values()].some((etag) => this.#parts.isBroken(etag));
    if (!isPinned && !ledger.pinned.has(revision) && isBroken) {
      return ['the newest upload is broken and not quarantined'];
    }
    // A rollback restores slot data only.
    const slotData = isPinned && layout.slotData === 'archives' ? view.spec().data : undefined;
    if (!this.#served.serves(data, slotData)) return ['the expected revision does not serve'];
    // It may be in both slots, and a person have moved the endpoint just now.
    const isKnown = state.serving?.configName === view.endpoint().EndpointConfigName;
    return isKnown ? [] : ['the state has another config than serves'];
  }

  /** Whether its update was lost with the state, and the record of its slot had expired before that was rebuilt. */
  #isForgotten(revision: string): boolean {
    const { updates, stateDeletedAt, expiredAt, published } = this.#parts.ledger;
    const update = updates.findLast((each) => each.revision === revision);
    const lostAt = update && stateDeletedAt.find((at) => at >= update.startedAt);
    if (lostAt === undefined || !expiredAt.some((at) => at >= lostAt)) return false;
    return !published.some((event) => event.type !== 'started' && event.revision === revision);
  }

  /** Whether a revision that failed its smoke tests serves though the other slot has a better one. */
  #couldRollBack(state: EndpointState, { revision, at: failedAt }: QuarantineEntry): boolean {
    const { view, sources, ledger } = this.#parts;
    const { data } = view.spec();
    // A slot whose record has expired holds an unknown revision.
    if (ledger.expiredAt.some((at) => at >= failedAt)) return false;
    // What a person moves to may be in the middle of being staged, so that it is not known what it holds.
    if (ledger.updates.some(({ by }) => by === 'person')) return false;
    if (!data || state.suspension || state.serving?.revision !== revision) return false;
    if (state.serving.configName !== view.endpoint().EndpointConfigName) return false;
    const slot = view.otherSlot();
    if (view.etagAt(data.bucket, slotRecordKey(data.root, slot)) === undefined) return false;
    const held = sources.revisionsWith(view.etagsInSlot(data, slot), data);
    const isBetter = (one: string) => one !== revision && !state.quarantine?.some((each) => each.revision === one);
    return held.length > 0 && held.every(isBetter);
  }
}
