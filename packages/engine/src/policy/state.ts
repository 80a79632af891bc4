import type { Slot } from '@freshpoint/cdk/contract';

/** What the fleet in service has loaded. */
export interface Served {
  /** Counts only while this is the active config. */
  readonly configName: string;
  /** Absent: it can't be told which bytes the fleet loaded. */
  readonly revision?: string;
  /** LastModified of the newest source when the revision was read, epoch ms (S3's clock). */
  readonly newestSource: number;
  /** LastModifiedTime of the endpoint when the fleet was complete, epoch ms (SageMaker's clock). */
  readonly since: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
}

/** What a deployment was about to load when it was let through. */
export interface Prepared {
  /** The active config at that time: as long as it is still active, the deployment did not move the endpoint. Absent: there was none. */
  readonly configName?: string;
  /** CreationTime of that endpoint, epoch ms: a renamed one is another one, whatever its config. */
  readonly endpointCreated?: number;
  /** Absent: the sources could not be read. */
  readonly revision?: string;
  readonly newestSource: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
}

/** A revision that is waiting to be settled. */
export interface Unsettled {
  readonly revision: string;
  /** When the loop first saw it, epoch ms. S3 dates a multipart upload by its beginning, so LastModified alone is not enough. */
  readonly seen: number;
  /** When the first of an unbroken stream of such revisions was seen, epoch ms: maxWaitTime counts from here. */
  readonly since: number;
}

/** Written before UpdateEndpoint (contract 7): what is about to be done, and how to tell later whether it was. */
export interface Intent {
  readonly slot: Slot;
  readonly configName: string;
  readonly revision: string;
  /** Why: newer data was uploaded, a person wants another revision, a smoke test condemned the one that serves. */
  readonly by: Cause;
  readonly newestSource: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** LastModifiedTime of the endpoint before the call, epoch ms. */
  readonly endpointModified: number;
  /** FailureReason of the endpoint before the call: SageMaker keeps it until the next update. */
  readonly reasonBefore?: string;
  /** Epoch ms, the loop's clock. */
  readonly at: number;
  /** SageMaker accepted the call. Absent: unknown. */
  readonly called?: true;
  /** An earlier intent of another revision was given up unseen: the fleet may be that one's. */
  readonly ambiguous?: true;
  /** So often its smoke tests were begun. Written before they are, so that tests that kill the function end. */
  readonly tests?: number;
  /** What came of them, once they were answered. */
  readonly verdict?: Verdict;
}

/** How the endpoint answered its smoke tests. */
export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly reason: string };

/** Why a revision is put on the endpoint. */
export type Cause = 'upload' | 'person' | 'smoke-test';

/** A slot's data is being written: nobody else may begin to, nor swap to the slot, before its writer is surely gone. */
export interface Filling {
  readonly slot: Slot;
  readonly revision: string;
  /** Epoch ms, the writer's clock. */
  readonly at: number;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** The writer has stopped for now: whoever comes goes on at once. */
  readonly paused?: true;
  /** A multipart copy under way: goes on where it stopped. */
  readonly upload?: CopyUnderWay;
}

/** A multipart copy under way. */
export interface CopyUnderWay {
  readonly key: string;
  readonly uploadId: string;
  /** ETag of the source. */
  readonly etag: string;
}

/** A person's "serve this revision, until something newer is uploaded". */
export interface Wanted {
  readonly revision: string;
  readonly by: string;
  /** Epoch ms: what was uploaded later is newer. */
  readonly at: number;
  readonly reason?: string;
  /** The revision of the sources that is passed over. Absent: the loop hasn't looked yet, or there was none. */
  readonly instead?: string;
}

/** A revision that the endpoint refused. */
export interface Quarantined {
  readonly revision: string;
  /** Epoch ms. */
  readonly at: number;
  /** Kept for the newest few only. */
  readonly reason?: string;
  /** A fleet started with it, and answered a smoke test wrongly: it is not to go on serving. */
  readonly condemned?: true;
}

/** A person's "no swaps until released". */
export interface Hold {
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
  readonly reason?: string;
}

/** What the loop knows about one endpoint: the JSON in the state parameter. */
export interface EndpointState {
  readonly version: 1;
  readonly served?: Served;
  readonly prepared?: Prepared;
  readonly intent?: Intent;
  /** Newest first. */
  readonly quarantine?: readonly Quarantined[];
  /** Refusals that say nothing about the model (contract 5), of the newest revision that had one. */
  readonly refusals?: { readonly revision: string; readonly count: number };
  readonly hold?: Hold;
  readonly wanted?: Wanted;
  readonly filling?: Filling;
  readonly unsettled?: Unsettled;
  /** Since when the endpoint runs a config that is neither slot's, epoch ms. */
  readonly unknownSince?: number;
}

/** So many quarantined revisions are remembered. */
const QUARANTINE_LENGTH = 20;
/** So many of them with their reason: an SSM parameter holds 4 KB. */
const QUARANTINE_REASONS = 4;
const REASON_LENGTH = 300;

/** A FailureReason as the state keeps it. */
export function cutReason(reason: string | undefined): string | undefined {
  return reason?.slice(0, REASON_LENGTH);
}

/** Adds a refused revision; forgets the oldest ones beyond what fits the parameter. */
export function quarantine(
  state: EndpointState,
  revision: string,
  reason: string,
  at: number,
  condemned?: true,
): EndpointState {
  const others = (state.quarantine ?? []).filter((entry) => entry.revision !== revision);
  const entry = { revision, at, reason: cutReason(reason), ...(condemned && { condemned }) };
  const entries = [entry, ...others].slice(0, QUARANTINE_LENGTH);
  return {
    ...state,
    refusals: undefined,
    quarantine: entries.map((each, index) => (index < QUARANTINE_REASONS ? each : { ...each, reason: undefined })),
  };
}

/** Takes a revision that was served after all out of the quarantine. */
export function released(state: EndpointState, revision: string): EndpointState {
  if (!state.quarantine?.some((entry) => entry.revision === revision)) return state;
  const others = state.quarantine.filter((entry) => entry.revision !== revision);
  return { ...state, quarantine: others.length > 0 ? others : undefined };
}

/** The state in the parameter's value. Throws SyntaxError or TypeError when it is no state of this version. */
export function parseState(value: string): EndpointState {
  const state = JSON.parse(value) as EndpointState | null;
  if (state?.version !== 1) {
    throw new TypeError(`expected a JSON object with "version": 1, got: ${value.slice(0, 80)}`);
  }
  return state;
}
