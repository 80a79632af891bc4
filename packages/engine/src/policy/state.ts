import type { Slot } from '@freshpoint/cdk/contract';

/** What the fleet in service has loaded. */
export interface Serving {
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
export interface PendingDeployment {
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
export interface Settling {
  readonly revision: string;
  /** When the loop first saw it, epoch ms. S3 dates a multipart upload by its beginning, so LastModified alone is not enough. */
  readonly seen: number;
  /** When the first of an unbroken stream of such revisions was seen, epoch ms: maxWaitTime counts from here. */
  readonly since: number;
}

/** Written before UpdateEndpoint (contract 7): what is about to be done, and how to tell later whether it was. */
export interface Updating {
  readonly slot: Slot;
  readonly configName: string;
  readonly revision: string;
  /** Why: newer data was uploaded, a person wants another revision, a smoke test condemned the one that serves. */
  readonly trigger: Trigger;
  readonly newestSource: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** LastModifiedTime of the endpoint before the call, epoch ms. */
  readonly endpointModified: number;
  /** FailureReason of the endpoint before the call: SageMaker keeps it until the next update. */
  readonly failureReasonBefore?: string;
  /** Epoch ms, the loop's clock. */
  readonly at: number;
  /** SageMaker accepted the call. Absent: unknown. */
  readonly accepted?: true;
  /** An earlier intent of another revision was given up unseen: the fleet may be that one's. */
  readonly ambiguous?: true;
  /** So often its smoke tests were begun. Written before they are, so that tests that kill the function end. */
  readonly testAttempts?: number;
  /** What came of them, once they were answered. */
  readonly verdict?: Verdict;
}

/** How the endpoint answered its smoke tests. */
export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly message: string };

/** Why a revision is put on the endpoint. */
export type Trigger = 'upload' | 'pin' | 'smoke-test';

/** A slot's data is being written: nobody else may begin to, nor swap to the slot, before its writer is surely gone. */
export interface Staging {
  readonly slot: Slot;
  readonly revision: string;
  /** Epoch ms, the writer's clock. */
  readonly at: number;
  /** What is odd about the revision, and no reason to refuse it. */
  readonly warning?: string;
  /** The writer has stopped for now: whoever comes goes on at once. */
  readonly paused?: true;
  /** A multipart copy under way: goes on where it stopped. */
  readonly partialCopy?: PartialCopy;
}

/** A multipart copy under way. */
export interface PartialCopy {
  readonly key: string;
  readonly uploadId: string;
  /** ETag of the source. */
  readonly etag: string;
}

/** A person's "serve this revision, until something newer is uploaded". */
export interface Pin {
  readonly revision: string;
  readonly by: string;
  /** Epoch ms: what was uploaded later is newer. */
  readonly at: number;
  readonly reason?: string;
  /** The revision of the sources that is passed over. Absent: the loop hasn't looked yet, or there was none. */
  readonly supersedes?: string;
}

/** A revision that the endpoint refused. */
export interface QuarantineEntry {
  readonly revision: string;
  /** Epoch ms. */
  readonly at: number;
  /** Kept for the newest few only. */
  readonly message?: string;
  /** A fleet started with it, and answered a smoke test wrongly: it is not to go on serving. */
  readonly failedSmokeTests?: true;
}

/** A person's "no swaps until released". */
export interface Suspension {
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
  readonly reason?: string;
}

/** What the loop knows about one endpoint: the JSON in the state parameter. */
export interface EndpointState {
  readonly version: 1;
  readonly serving?: Serving;
  readonly deployment?: PendingDeployment;
  readonly updating?: Updating;
  /** Newest first. */
  readonly quarantine?: readonly QuarantineEntry[];
  /** Refusals that say nothing about the model (contract 5), of the newest revision that had one. */
  readonly retries?: { readonly revision: string; readonly count: number };
  readonly suspension?: Suspension;
  readonly pin?: Pin;
  readonly staging?: Staging;
  readonly settling?: Settling;
  /** Since when the endpoint runs a config that is neither slot's, epoch ms. */
  readonly unknownConfigSince?: number;
}

/** So many quarantined revisions are remembered. */
const MAX_QUARANTINED_REVISIONS = 20;
/** So many of them with their reason: an SSM parameter holds 4 KB. */
const MAX_QUARANTINE_MESSAGES = 4;
const MAX_MESSAGE_CHARACTERS = 300;

/** A FailureReason as the state keeps it. */
export function truncateMessage(message: string | undefined): string | undefined {
  return message?.slice(0, MAX_MESSAGE_CHARACTERS);
}

/** Adds a refused revision, and forgets the oldest ones beyond what fits the parameter. */
export function quarantine(
  state: EndpointState,
  { message, ...refused }: QuarantineEntry & { readonly message: string },
): EndpointState {
  const others = (state.quarantine ?? []).filter((entry) => entry.revision !== refused.revision);
  const entries = [{ ...refused, message: truncateMessage(message) }, ...others].slice(0, MAX_QUARANTINED_REVISIONS);
  return {
    ...state,
    retries: undefined,
    quarantine: entries.map((each, index) =>
      index < MAX_QUARANTINE_MESSAGES ? each : { ...each, message: undefined },
    ),
  };
}

/** Takes a revision that was served after all out of the quarantine. */
export function withoutQuarantine(state: EndpointState, revision: string): EndpointState {
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
