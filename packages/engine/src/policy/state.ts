import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { Fault } from './failure-reasons.ts';
import type { SlotLease } from './lease.ts';
import type { ListingProgress } from './listing.ts';
import { backToSettling, type Rollout, recordedUpdate, type Upcoming } from './rollout.ts';

/** What the fleet in service loaded. */
export interface Serving {
  /** The rest is valid only while this is the active config. */
  readonly configName: string;
  /** Absent: it is unknown which bytes the fleet loaded. */
  readonly revision?: string;
  /** With some data in place: the revision of the slot data that it loaded. The data in place may be of another one. */
  readonly slotRevision?: string;
  /** LastModified of the newest source when the revision was read, epoch ms (S3's clock). */
  readonly newestSource: number;
  /** LastModifiedTime of the endpoint when the fleet was complete, epoch ms (SageMaker's clock). */
  readonly since: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
  /** Something newer came before its smoke tests had a verdict. Uploaded again, it is rolled out anew, and tested. */
  readonly untested?: true;
  /** It passed its smoke tests. What a deployment loaded, or a rollback, is not tested. */
  readonly tested?: true;
}

/** What a deployment was about to load when the gate admitted it. */
export interface PendingDeployment {
  /**
   * The active config at that time: while it stays active, the deployment has not moved the endpoint. Absent: there
   * was no endpoint.
   */
  readonly configName?: string;
  /** CreationTime of that endpoint, epoch ms: a replaced endpoint has another one, even with the same config. */
  readonly endpointCreated?: number;
  /** Absent: the sources could not be read. */
  readonly revision?: string;
  readonly newestSource: number;
  /** Bytes of all sources of the revision. */
  readonly size?: number;
  /** The person's pin once the deployment has moved the endpoint: revisions of other sources have other digests. */
  readonly pin?: Pin;
}

/** What the last deployment replaced: its rollback returns to it. */
export interface ReplacedDeployment extends Pick<Serving, 'untested' | 'tested'> {
  readonly configs: EndpointSpec['configs'];
  /** Of the slot data. Absent: the models loaded the sources in place. */
  readonly root?: string;
  /** What served. */
  readonly revision?: string;
  readonly pin?: Pin;
  /** Of the slot data of the deployment that replaced it. */
  readonly nextRoot?: string;
  /** The sources as they were known then. */
  readonly read?: ObservedSources;
  /** A pin that a person set since, and that ended at the sources of the deployment that replaced it. */
  readonly endedPin?: Pin;
}

/** An update of the endpoint that no rollout explains, as a pass observed it last. */
export interface ObservedMove {
  /** The active config. While the update runs, that before it. */
  readonly configName: string;
  /** LastModifiedTime of the endpoint then, epoch ms. */
  readonly endpointModified: number;
}

/** A listing of the sources that takes several passes. */
export interface SourceListing {
  /** Digest of the sources. */
  readonly of: string;
  /**
   * LastModifiedTime of the endpoint when it began, epoch ms: it shows nothing of what a fleet loaded that is in
   * service since.
   */
  readonly endpointModified: number;
  /** When it began, epoch ms. */
  readonly since: number;
  /** Ids of the messages that it began for. */
  readonly requests: readonly string[];
  /** Another message came after it began: what it is for may not be in the listing. */
  readonly superseded?: true;
  readonly progress: ListingProgress;
}

/** How far the sources' archives were checked: enough to continue in another pass. */
export interface CheckProgress {
  /** Archives that are done with, in their order. The next one gets one more pass to be read. */
  readonly checked: number;
  /** What was found that does not refuse them. */
  readonly warnings: readonly string[];
}

/** A check of the sources' archives that takes several passes. */
export interface ArchivesCheck {
  /** Digest of the archives, and of how much of them is read. */
  readonly of: string;
  /** When it began, epoch ms. */
  readonly since: number;
  /** How many there are. */
  readonly archives: number;
  readonly progress: CheckProgress;
}

/** A person's "serve this revision until something newer is uploaded". */
export interface Pin {
  readonly revision: string;
  readonly by: string;
  /** Epoch ms, the person's clock, which can be any: nothing is compared with it. */
  readonly at: number;
  readonly reason?: string;
  /** The revision of the sources that the pin takes precedence over: any other one is newer. Absent: none is known. */
  readonly supersedes?: string;
  /** LastModified of its newest source, epoch ms. A later one is another upload of the same bytes. */
  readonly supersedesNewest?: number;
  /** Such an upload was passed over, and published. */
  readonly passedOver?: true;
}

/** The sources as the controller observed them last: a pin that is set now takes precedence over them. */
export interface ObservedSources {
  readonly revision: string;
  /** LastModified of the newest source, epoch ms. */
  readonly newest: number;
}

/** A revision that is not tried again. */
export interface QuarantineEntry {
  readonly revision: string;
  /** Epoch ms. */
  readonly at: number;
  readonly message?: string;
  /** A fleet started with it and gave a wrong answer to a smoke test, so it must not keep serving. */
  readonly failedSmokeTests?: true;
}

/** Failures in a row that do not quarantine: of the newest revision that had one. */
export interface Retries {
  readonly revision: string;
  readonly attempts: number;
  /** Attempts that failed without a known reason. */
  readonly unexplained?: number;
  /** When the last attempt failed, epoch ms. */
  readonly at: number;
  /** When the next one begins, epoch ms. */
  readonly nextAt: number;
  /** `call`: UpdateEndpoint was rejected. `update`: SageMaker rolled the update back. */
  readonly stage: 'call' | 'update';
  readonly fault: Fault;
  readonly message: string;
}

/** What keeps the newest revision from being served: at first, and from its publication on, what was published. */
export interface Stall {
  /** Epoch ms. */
  readonly since: number;
  readonly reason: string;
  readonly message: string;
  readonly published?: true;
  /** Known from the history, in which a stall is recorded before its event is sent: that may not have been. */
  readonly rebuilt?: true;
}

/** A person's "no swaps until resumed". */
export interface Suspension {
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
  readonly reason?: string;
}

/** What the controller knows about one endpoint: the JSON in the state object. */
export interface EndpointState {
  readonly version: 1;
  /** Unique to each write, so that no two versions of the object have the same ETag. */
  readonly writeId?: string;
  /**
   * When it was found that there is no state although the endpoint has a spec, epoch ms. The rest is unknown until it
   * is rebuilt, which is once no pass that still knows the lost state can be running.
   */
  readonly lostAt?: number;
  /** When CloudFormation began to delete the endpoint, epoch ms: no refresh begins any more. */
  readonly endedAt?: number;
  readonly serving?: Serving;
  /** The revision that served untested before what serves now: as the way back, it serves untested again. */
  readonly untested?: string;
  /** Revisions in the revision store, those that served last first. */
  readonly stored?: readonly string[];
  readonly deployment?: PendingDeployment;
  readonly replaced?: ReplacedDeployment;
  /** RequestId of the request of CloudFormation that the gate admitted last: a message can come again. */
  readonly admitted?: string;
  readonly rollout?: Rollout;
  /** What was uploaded while the endpoint is being updated: it settles meanwhile, and is the next rollout. */
  readonly upcoming?: Upcoming;
  readonly lease?: SlotLease;
  /** Newest first. */
  readonly quarantine?: readonly QuarantineEntry[];
  readonly retries?: Retries;
  readonly stalled?: Stall;
  readonly suspension?: Suspension;
  readonly pin?: Pin;
  readonly listing?: SourceListing;
  readonly checking?: ArchivesCheck;
  readonly observed?: ObservedSources;
  /** The last update of the endpoint by others: it shows which answers of DescribeEndpoint are from before it. */
  readonly moved?: ObservedMove;
  /** When the spec was written by which a pass judged this state last, epoch ms, by SSM's clock. */
  readonly specModified?: number;
  /** Since when the endpoint runs a config that is neither slot's, epoch ms. */
  readonly unknownConfigSince?: number;
}

/** Quarantined revisions that are remembered. */
export const MAX_QUARANTINED_REVISIONS = 100;
const MAX_MESSAGE_CHARACTERS = 1000;

/** A message as the state keeps it. */
export function truncateMessage(message: string | undefined): string | undefined {
  return message?.slice(0, MAX_MESSAGE_CHARACTERS);
}

/** Adds a revision to the quarantine, and drops the oldest entries beyond the maximum. */
export function quarantine(
  state: EndpointState,
  { message, ...refused }: QuarantineEntry & { readonly message: string },
): EndpointState {
  const others = (state.quarantine ?? []).filter((entry) => entry.revision !== refused.revision);
  const entries = [{ ...refused, message: truncateMessage(message) }, ...others];
  return { ...state, retries: undefined, quarantine: entries.slice(0, MAX_QUARANTINED_REVISIONS) };
}

/** The revision's entry in the quarantine, if it has one. */
export function quarantineEntryOf(
  { quarantine: entries }: Pick<EndpointState, 'quarantine'>,
  revision: string,
): QuarantineEntry | undefined {
  return entries?.find((entry) => entry.revision === revision);
}

/** Removes a revision from the quarantine, after it was served. */
export function withoutQuarantine(state: EndpointState, revision: string): EndpointState {
  if (!quarantineEntryOf(state, revision)) return state;
  const others = (state.quarantine ?? []).filter((entry) => entry.revision !== revision);
  return { ...state, quarantine: others.length > 0 ? others : undefined };
}

/** The revision that serves, or with some data in place the one that the slot data is of. */
export function servedRevision({ revision, slotRevision }: Serving): string | undefined {
  return revision ?? slotRevision;
}

/** Whether they are one pin of a person, which each may have in the terms of other sources. */
export function isSamePin(one: Pin, other: Pin | undefined): boolean {
  return one.at === other?.at && one.by === other.by;
}

/** Whether the last deployment replaced one with other sources. */
export function hasChangedSources({ replaced }: Pick<EndpointState, 'replaced'>): boolean {
  return replaced !== undefined && replaced.root !== replaced.nextRoot;
}

/** The sources as a pass read them last: an upload that is noted during an update is newer than what was observed. */
export function lastRead({ upcoming, observed }: EndpointState): ObservedSources | undefined {
  return upcoming ?? observed;
}

/** Stands for a time that is still to come, in epoch ms. */
const NOT_YET = Number.MAX_SAFE_INTEGER;

/**
 * The state of an endpoint whose state is missing. `foundAt`: when the controller found that, epoch ms. Default: it has
 * not yet; what a person finds says nothing, because a person's clock can be any.
 */
export function lostState(foundAt = NOT_YET): EndpointState {
  return { version: 1, lostAt: foundAt };
}

/** Parses the object's text. Throws SyntaxError or TypeError when it is not a state of this version. */
export function parseState(value: string): EndpointState {
  const state = JSON.parse(value) as EndpointState | null;
  if (state?.version !== 1) {
    throw new TypeError(`expected a JSON object with "version": 1, got: ${value.slice(0, 80)}`);
  }
  return state;
}

/** The state of an endpoint that is not being updated any more: what was uploaded meanwhile is the rollout. */
export function withUpcoming(state: EndpointState): EndpointState {
  if (!state.upcoming) return state;
  const { upcoming, observed, ...rest } = state;
  const { newest, ...rollout } = upcoming;
  return { ...rest, rollout, ...(observed && { observed: { revision: rollout.revision, newest } }) };
}

/** The state without its recorded update, whose rollout begins again. */
export function withoutUpdate(state: EndpointState): EndpointState {
  const update = recordedUpdate(state);
  return update ? { ...state, rollout: backToSettling(update) } : state;
}
