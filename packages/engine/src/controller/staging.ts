import type { Slot } from '@freshpoint/cdk/contract';
import { isOutdated, withMove } from '../policy/endpoint-status.ts';
import type { SlotLease } from '../policy/lease.ts';
import type { Next } from '../policy/next.ts';
import type { EndpointView, SourceFile } from '../policy/observation.ts';
import { shortRevision } from '../policy/revision.ts';
import type { EndpointState } from '../policy/state.ts';
import type { DecisionEntry, StoredState } from '../ports.ts';
import { RESUME_SECONDS } from './budget.ts';
import { StagingLease } from './lease.ts';
import type { EndpointPass } from './pass.ts';
import type { ReconcileResult } from './result.ts';
import { endHindered } from './stalls.ts';
import { tryTo } from './try-to.ts';

/** Pause after a source or the endpoint changed while data was staged, in seconds. */
const CHANGED_SECONDS = 5;

/** Slot data that is complete, and the state without its lease. */
export interface Staged {
  readonly kind: 'staged';
  readonly recorded: StoredState;
}

/** A decision to stage. `files`: the sources, while they have the revision. */
export type StagingDecision = Next & {
  readonly kind: 'stage';
  readonly files?: readonly SourceFile[];
};

/** Copies a revision to the revision store and to the inactive slot, and removes what is not retained. */
export async function stage(
  pass: EndpointPass,
  recorded: StoredState,
  { reason, lease: claim, data, files }: StagingDecision,
): Promise<ReconcileResult | Staged> {
  const { ports, spec, store, budget } = pass;
  const { slot, revision, partialCopy } = claim;
  const lease = new StagingLease(pass, recorded, claim);
  await lease.acquire();
  const view = await ports.endpoints.describe(spec.endpointName);
  if (view === 'gone' || !isStillInactive(pass, recorded.state, { slot, view })) {
    await lease.release(view === 'gone' ? undefined : (state) => withMove(state, view));
    const message = 'The endpoint changed before the copy started.';
    return requeue(pass, claim, { decision: 'requeue', reason: 'EndpointBusy', message, seconds: CHANGED_SECONDS });
  }
  const job = { store, data, slot, revision, ...(files && { files: files.map((source) => ({ source })) }) };
  const outcome = await lease.run(async (begun) => {
    const staged = await ports.revisions.stage(job, { isTimeUp: budget.isUp, partialCopy, begun });
    if (staged.kind === 'staged') await removeOthers(pass, [...(recorded.state.stored ?? []), revision]);
    return staged;
  });
  switch (outcome.kind) {
    case 'unfinished': {
      const message = 'The copy is not finished yet.';
      return requeue(pass, claim, { decision: 'stage', reason, message, seconds: RESUME_SECONDS });
    }
    case 'changed': {
      const message = 'A source changed while it was being copied.';
      const ending = { kind: 'requeue', reason: 'SourceChanged', message, seconds: CHANGED_SECONDS, revision } as const;
      return endHindered(pass, lease.recorded, ending);
    }
    case 'missing': {
      const message = 'The revision is not in the revision store any more.';
      return endHindered(pass, lease.recorded, {
        kind: 'requeue',
        reason,
        message,
        seconds: CHANGED_SECONDS,
        revision,
      });
    }
    case 'staged':
      log(pass, claim, { decision: 'stage', reason });
      return { kind: 'staged', recorded: lease.recorded };
  }
}

/** What is not removed now is at the next staging. Until then it only costs storage, so an error is only logged. */
async function removeOthers(pass: EndpointPass, kept: readonly string[]): Promise<void> {
  await tryTo(pass, () => pass.ports.revisions.removeOthers(pass.store, kept, pass.budget.isUp));
}

function isStillInactive(
  { spec }: EndpointPass,
  state: EndpointState,
  { slot, view }: { readonly slot: Slot; readonly view: EndpointView },
): boolean {
  return !isOutdated(view, state) && view.status === 'InService' && view.configName !== spec.configs[slot];
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
