import { shortRevision } from '@freshpoint/engine/policy/revision';
import { recordedUpdate } from '@freshpoint/engine/policy/rollout';
import { type EndpointState, quarantineEntryOf, servedRevision } from '@freshpoint/engine/policy/state';
import { CommandFailure } from '../command-failure.ts';
import { withoutControlCharacters } from '../text.ts';
import type { EndpointAccount } from './account.ts';
import type { RollbackEvent, RollbackPhase, RollbackReport } from './rollback-report.ts';

/** A pin as it was written into the state. */
export interface WrittenPin {
  readonly revision: string;
  readonly at: number;
}

type RollbackStatus = { readonly kind: RollbackPhase | 'serving' | 'unpinned' } | RefusedStatus;
interface RefusedStatus {
  readonly kind: 'refused';
  readonly message: string;
}

const POLL_INTERVAL_MS = 2000;

const PHASE_TEXTS: Readonly<Record<RollbackPhase, string>> = {
  waiting: 'waiting for the controller',
  staging: 'staging it in the inactive slot',
  updating: 'updating the endpoint to the slot that has it',
  retrying: 'an attempt failed; the controller tries again after a pause',
};

/** Reports the progress of a rollback until its revision serves. Throws CommandFailure if refused or superseded. */
export async function waitUntilServing(
  endpoint: string,
  written: WrittenPin,
  { account, pause }: { readonly account: EndpointAccount; readonly pause: (ms: number) => Promise<void> },
  report: RollbackReport,
): Promise<void> {
  const { revision } = written;
  let phase: RollbackPhase | undefined;
  for (; ; await pause(POLL_INTERVAL_MS)) {
    const { state } = await account.read(endpoint);
    const status = statusOf(state, written);
    switch (status.kind) {
      case 'refused':
        report({ event: 'refused', revision, details: { message: status.message } });
        throw new CommandFailure(`The rollback to ${shortRevision(revision)} was refused: ${status.message}`);
      case 'serving':
        report({ event: 'serving', revision, text: `${endpoint} serves ${shortRevision(revision)}` });
        return;
      case 'unpinned':
        throw superseded(revision, report);
      default:
        if (status.kind !== phase) report(phaseEvent(status.kind, state, revision));
        phase = status.kind;
    }
  }
}

function statusOf(state: EndpointState, { revision, at }: WrittenPin): RollbackStatus {
  const { rollout, serving } = state;
  const update = recordedUpdate(state);
  const entry = quarantineEntryOf(state, revision);
  if (entry) {
    return { kind: 'refused', message: withoutControlCharacters(entry.message ?? 'no message is recorded.') };
  }
  if (serving && servedRevision(serving) === revision && !update) return { kind: 'serving' };
  const isPinned = state.pin?.at === at && state.pin.revision === revision;
  if (!isPinned && !update) return { kind: 'unpinned' };
  if (update?.revision === revision) return { kind: 'updating' };
  const isStaging = rollout?.phase === 'staging';
  if (state.retries?.revision === revision && !isStaging) return { kind: 'retrying' };
  return { kind: isStaging && rollout.revision === revision ? 'staging' : 'waiting' };
}

function phaseEvent(event: RollbackPhase, { retries }: EndpointState, revision: string): RollbackEvent {
  const text = PHASE_TEXTS[event];
  if (event !== 'retrying' || !retries) return { event, revision, text };
  const message = withoutControlCharacters(retries.message);
  return { event, revision, text: `${text}: ${message}`, details: { message, fault: retries.fault } };
}

function superseded(revision: string, report: RollbackReport): CommandFailure {
  report({ event: 'superseded', revision });
  return new CommandFailure(
    `The rollback to ${shortRevision(revision)} was superseded by a newer upload or another request. ` +
      'Run `freshpoint history` to see what serves.',
  );
}
