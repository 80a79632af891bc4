import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { type HistoryRecord, isRefreshRecord, type RefreshRecord } from '@freshpoint/engine/policy/history';
import { activeSlot } from '@freshpoint/engine/policy/slots';
import { type EndpointState, servedRevision } from '@freshpoint/engine/policy/state';
import type { SlotSpan } from './page-data.ts';

/** What each slot did, oldest first: from the history, newest first, and what the state knows of now. */
export function slotSpans(
  records: readonly HistoryRecord[],
  state: EndpointState,
  spec: Pick<EndpointSpec, 'configs'>,
): SlotSpan[] {
  const spans = records.filter(isRefreshRecord).reverse().reduce(withRefresh, []);
  return withRollout(withServing(spans, state, spec), state);
}

function withRefresh(spans: readonly SlotSpan[], record: RefreshRecord): readonly SlotSpan[] {
  const { outcome, slot, revision, seconds } = record;
  const from = Date.parse(record.at);
  const to = from + seconds * 1000;
  const launching: SlotSpan = { slot, state: 'launching', revision, from, to };
  switch (outcome) {
    case 'deployed':
      return [...ended(spans, from), { slot, state: 'serving', revision, from }];
    case 'succeeded':
      return [...ended(spans, to), launching, { slot, state: 'serving', revision, from: to }];
    case 'refused':
      return [...spans, launching, { slot, state: 'failed', revision, from: to, to }];
    case 'passedOver':
      return spans;
  }
}

/** The fleet that served until then is gone. */
function ended(spans: readonly SlotSpan[], at: number): SlotSpan[] {
  return spans.map((span) => (span.to === undefined ? { ...span, to: Math.max(span.from, at) } : span));
}

/** The history may lack what serves: it is read in part, and a move by hand has no record. */
function withServing(
  spans: readonly SlotSpan[],
  { serving }: EndpointState,
  spec: Pick<EndpointSpec, 'configs'>,
): readonly SlotSpan[] {
  const slot = serving && activeSlot(spec, serving.configName);
  if (!serving || !slot) return spans;
  const revision = servedRevision(serving);
  const last = spans.find(({ to }) => to === undefined);
  if (last?.slot === slot && (revision === undefined || last.revision === revision)) return spans;
  return [...ended(spans, serving.since), { slot, state: 'serving', revision, from: serving.since }];
}

function withRollout(spans: readonly SlotSpan[], { rollout }: EndpointState): SlotSpan[] {
  if (!rollout || rollout.phase === 'settling') return [...spans];
  const { slot, revision, phase } = rollout;
  const [from, state] = phase === 'staging' ? [rollout.seen, 'staging' as const] : [rollout.at, 'launching' as const];
  return [...spans, { slot, state, revision, from }];
}
