import type { ActionRecord } from './history.ts';
import {
  type EndpointState,
  lastRead,
  type Pin,
  quarantineEntryOf,
  type Suspension,
  withoutQuarantine,
} from './state.ts';

/** Who acts, when, and why. */
export interface Actor {
  readonly by: string;
  /** Epoch ms, the person's clock. */
  readonly at: number;
  readonly reason?: string;
}

/** The state after a person's action, and the record that the history gets once it is written. */
export interface PersonAction {
  readonly state: EndpointState;
  readonly record: ActionRecord;
}

/** No swaps until resumed. */
export function suspendSwaps(state: EndpointState, actor: Actor): PersonAction {
  const suspension: Suspension = actor;
  return { state: { ...state, suspension }, record: actionRecord('suspend', actor) };
}

/** Ends the suspension, also one that is in a lost state only. */
export function resumeSwaps({ suspension, ...state }: EndpointState, actor: Actor): PersonAction {
  return { state, record: { ...actionRecord('resume', actor), ...(suspension && { ends: suspension.at }) } };
}

/**
 * Serves the revision until something newer is uploaded. What was held against the revision so far no longer counts,
 * and what counts as newer follows from what the controller had observed: no clock is compared.
 */
export function pinRevision(state: EndpointState, revision: string, actor: Actor): PersonAction {
  const known = lastRead(state);
  const pin: Pin = { ...actor, revision, ...(known && { supersedes: known.revision, supersedesNewest: known.newest }) };
  return {
    state: { ...withoutFailures(state, revision), pin },
    record: { ...actionRecord('rollback', actor), ...ending(state, revision) },
  };
}

/** Takes the revision out of quarantine, and ends the pause before its next attempt. */
export function retryRevision(state: EndpointState, revision: string, actor: Actor): PersonAction {
  return {
    state: withoutFailures(state, revision),
    record: { ...actionRecord('retry', actor), ...ending(state, revision) },
  };
}

/** The revision, and the entry of the quarantine that ends. */
function ending(state: EndpointState, revision: string): Pick<ActionRecord, 'revision' | 'ends'> {
  const entry = quarantineEntryOf(state, revision);
  return { revision, ...(entry && { ends: entry.at }) };
}

function withoutFailures({ retries, ...state }: EndpointState, revision: string): EndpointState {
  return { ...withoutQuarantine(state, revision), ...(retries && retries.revision !== revision && { retries }) };
}

/** Serves the newest upload anew: it counts as not served, and a pin ends, also one that a deployment would bring. */
export function refreshAnew({ pin: _, ...state }: EndpointState, actor: Actor): PersonAction {
  const { serving, deployment, replaced } = state;
  return {
    state: {
      ...state,
      ...(serving && { serving: { ...serving, revision: undefined } }),
      ...(deployment && { deployment: { ...deployment, pin: undefined } }),
      ...(replaced && { replaced: { ...replaced, pin: undefined, endedPin: undefined } }),
    },
    record: actionRecord('refresh', actor),
  };
}

function actionRecord(outcome: ActionRecord['outcome'], { by, at, reason }: Actor): ActionRecord {
  const time = new Date(at).toISOString();
  return { version: 1, outcome, at: time, by, ...(reason !== undefined && { reason }) };
}
