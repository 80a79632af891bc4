import { type HistoryRecord, isRefreshRecord, type RefreshRecord } from '@freshpoint/engine/policy/history';
import { shortRevision } from '@freshpoint/engine/policy/revision';
import { slotLetter } from '@freshpoint/engine/policy/slots';
import { quarantineEntryOf } from '@freshpoint/engine/policy/state';
import type { EndpointReport } from '../endpoints/report.ts';
import type { EndpointStatusView } from '../endpoints/status-view.ts';
import { withoutControlCharacters } from '../text.ts';
import type { ShownUpload } from './page-data.ts';

type Fate = Pick<ShownUpload, 'fate' | 'look'>;

/** The uploads that the history and the sources show, newest first, each with what became of it. */
export function uploadsOf(
  { state, sources }: EndpointReport,
  view: EndpointStatusView,
  records: readonly HistoryRecord[],
): ShownUpload[] {
  const refreshes = records.filter(isRefreshRecord).filter(isOfUpload).filter(isNewestAttempt);
  const uploads = refreshes.map((record): ShownUpload => {
    const { revision, serving, at } = record;
    const known = serving?.revision === revision ? serving.newestSource : Date.parse(at);
    return { revision, at: known, bytes: bytesOf(record), ...fateOf(record) };
  });
  if (sources?.kind === 'complete' && sources.revision !== uploads[0]?.revision) {
    const { revision, newest, size } = sources;
    uploads.unshift({ revision, at: newest, bytes: size, fate: 'not rolled out yet', look: 'busy' });
  }
  return uploads.map((upload, index) => {
    const { revision } = upload;
    const isNewest = index === uploads.findIndex((each) => each.revision === revision);
    const quarantined = quarantineEntryOf(state, revision);
    const now = isNewest ? presentOf(upload.revision, view) : undefined;
    return { ...upload, ...(isNewest && quarantined && refused('quarantined', quarantined.message)), ...now };
  });
}

/** A rollback rolls out what was uploaded before. */
function isOfUpload({ trigger }: RefreshRecord): boolean {
  return trigger === 'upload' || trigger === 'deployment';
}

/** Attempts in a row at one revision are about one upload. */
function isNewestAttempt({ revision }: RefreshRecord, index: number, records: readonly RefreshRecord[]): boolean {
  return records[index - 1]?.revision !== revision;
}

function bytesOf({ sources }: RefreshRecord): number {
  return sources.reduce((sum, { size }) => sum + size, 0);
}

function fateOf({ outcome, slot, message, retried }: RefreshRecord): Fate {
  switch (outcome) {
    case 'succeeded':
    case 'deployed':
      return { fate: `served from slot ${slotLetter(slot)}`, look: 'past' };
    case 'refused':
      return refused(retried ? 'refused, and tried again' : 'refused', message);
    case 'passedOver':
      return { fate: 'passed over', look: 'past' };
  }
}

function refused(what: string, message: string | undefined): Fate {
  return { fate: withoutControlCharacters(`${what}: ${message ?? 'no message'}`), look: 'bad' };
}

/** What is happening to the revision now, if anything. */
function presentOf(revision: string, view: EndpointStatusView): Fate | undefined {
  const { serving, rollout, waiting, pinned, newest } = view;
  if (rollout?.revision === revision) {
    const why = waiting ? `: ${withoutControlCharacters(waiting.message)}` : '';
    return { fate: `${rollout.phase}${why}`, look: 'busy' };
  }
  if (serving?.revision === revision) {
    return { fate: `serves${serving.slot ? ` from slot ${slotLetter(serving.slot)}` : ''}`, look: 'good' };
  }
  if (pinned && newest?.revision === revision) {
    return { fate: `rolled back to ${shortRevision(pinned.revision)} by ${pinned.by}`, look: 'past' };
  }
  return undefined;
}
