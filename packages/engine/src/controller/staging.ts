import type { Slot } from '@freshpoint/cdk/contract';
import { isOutdated } from '../policy/endpoint-status.ts';
import type { SlotLease } from '../policy/lease.ts';
import { type Next, pollSeconds } from '../policy/next.ts';
import type { SourceFile } from '../policy/observation.ts';
import { shortRevision } from '../policy/revision.ts';
import { type EndpointState, quarantine } from '../policy/state.ts';
import type { DecisionEntry, StagingSource, StoredState } from '../ports.ts';
import { StagingLease } from './lease.ts';
import type { EndpointPass } from './pass.ts';
import { publish } from './publish.ts';
import type { ReconcileResult } from './result.ts';

/** Pause after a source or the endpoint changed while data was staged, in seconds. */
const CHANGED_SECONDS = 5;
/** Pause before an unfinished copy is resumed, in seconds. */
const RESUME_SECONDS = 1;

/** Slot data that is complete, and the state without its lease. */
export interface Staged {
  readonly kind: 'staged';
  readonly recorded: StoredState;
}

/** A decision to stage, and the files to copy where they come from the sources. */
export type StagingDecision = Next & {
  readonly kind: 'stage';
  readonly files: readonly SourceFile[];
};

/** Copies a revision to the inactive slot. */
export async function stage(
  pass: EndpointPass,
  recorded: StoredState,
  { reason, lease: claim, from, data, files }: StagingDecision,
): Promise<ReconcileResult | Staged> {
  const { ports, budget } = pass;
  const { slot, revision, partialCopy } = claim;
  const lease = new StagingLease(pass, recorded, claim);
  await lease.acquire();
  if (!(await isStillInactive(pass, recorded.state, slot))) {
    await lease.release();
    const message = 'The endpoint changed before the copy started.';
    return requeue(pass, claim, { decision: 'requeue', reason: 'EndpointBusy', message, seconds: CHANGED_SECONDS });
  }
  const source: StagingSource = from === 'sources' ? { kind: 'sources', files } : { kind: 'retained' };
  const job = { slot, revision, from: source };
  const outcome = await lease.run((begun) =>
    ports.slotStore.stage(data, job, { isTimeUp: budget.isUp, partialCopy, begun }),
  );
  switch (outcome.kind) {
    case 'unfinished': {
      const message = 'The copy is not finished yet.';
      return requeue(pass, claim, { decision: 'stage', reason, message, seconds: RESUME_SECONDS });
    }
    case 'changed': {
      const message = 'A source changed while it was being copied.';
      return requeue(pass, claim, { decision: 'requeue', reason: 'Settling', message, seconds: CHANGED_SECONDS });
    }
    case 'staged':
      log(pass, claim, { decision: 'stage', reason });
      return { kind: 'staged', recorded: lease.recorded };
    case 'not-retained':
      return endPin(pass, lease.recorded, claim);
  }
}

async function isStillInactive({ ports, spec }: EndpointPass, state: EndpointState, slot: Slot): Promise<boolean> {
  const view = await ports.endpoints.describe(spec.endpointName);
  if (view === 'gone' || isOutdated(view, state)) return false;
  return view.status === 'InService' && view.configName !== spec.configs[slot];
}

/** The pinned revision cannot be restored: it is quarantined, and the pin ends. */
async function endPin(
  pass: EndpointPass,
  { state, etag }: StoredState,
  { slot, revision }: SlotLease,
): Promise<ReconcileResult> {
  const { ports, store, spec } = pass;
  const message = `Revision ${shortRevision(revision)} is no longer retained. Upload it again.`;
  const next = quarantine({ ...state, pin: undefined, rollout: undefined }, { revision, at: ports.now(), message });
  const subject = { revision, slot, configName: spec.configs[slot], startedAt: state.pin?.at };
  await publish(pass, [{ type: 'refused', ...subject, message, retried: false, trigger: 'pin', sources: [] }], next);
  await ports.states.write(store, next, etag);
  return { kind: 'requeue', seconds: pollSeconds(spec) };
}

type StagingEntry = Pick<DecisionEntry, 'decision' | 'reason' | 'message' | 'seconds'>;

function requeue(
  pass: EndpointPass,
  claim: SlotLease,
  entry: StagingEntry & { readonly seconds: number },
): ReconcileResult {
  log(pass, claim, entry);
  return { kind: 'requeue', seconds: entry.seconds };
}

function log({ ports, endpoint }: EndpointPass, { slot, revision }: SlotLease, entry: StagingEntry): void {
  ports.telemetry.decision({ endpoint, ...entry, revision: shortRevision(revision), slot });
}
