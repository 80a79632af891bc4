import type { DecisionEntry } from '@freshpoint/engine/ports';
import type { Situation } from '../situations.ts';

/** Which of the controller's decisions show that a situation was reached. */
const DECISIONS: readonly (Partial<DecisionEntry> & { readonly situation: Situation })[] = [
  { reason: 'Settling', situation: 'settling' },
  { reason: 'SourceMissing', situation: 'source missing in a pass' },
  { reason: 'Suspended', situation: 'suspended with something to swap' },
  { decision: 'started', situation: 'update adopted from the state alone' },
  { decision: 'stage', reason: 'Pinned', situation: 'retained revision staged' },
  { decision: 'stage', reason: 'Deployment', situation: 'a deployment staged a slot' },
];

/** The same for the messages of decisions whose reasons have several causes. */
const MESSAGES: readonly (readonly [RegExp, Situation])[] = [
  [/refresh is about to start/, 'two passes raced for one update'],
  [/accepted, but DescribeEndpoint does not show it yet/, 'accepted update not visible yet'],
  [/source changed while it was being copied/, 'source written while it was copied'],
  [/was not answered/, 'did not answer its smoke test'],
  [/smoke tests are running/, 'smoke tests waited for another pass'],
  [/attempt [3-9]/, 'tried for the fourth time or more'],
  [/^Slot . is being staged/, 'waited for a staging lease'],
];

/** The situations that a decision shows. */
export function situationsOf(entry: DecisionEntry): Situation[] {
  const decided = DECISIONS.filter(
    ({ reason = entry.reason, decision = entry.decision }) => reason === entry.reason && decision === entry.decision,
  );
  const worded = MESSAGES.filter(([message]) => message.test(entry.message ?? ''));
  return [...decided.map(({ situation }) => situation), ...worded.map(([, situation]) => situation)];
}
