import { createHash } from 'node:crypto';
import type { SlotData } from '@freshpoint/cdk/contract';
import { folderProblem } from '../policy/folder-problem.ts';
import type { CheckView, SourceFile } from '../policy/observation.ts';
import type { ArchivesCheck, EndpointState } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import { archivesOf } from './archives.ts';
import type { PassBudget } from './budget.ts';
import type { UnfinishedWork } from './unfinished.ts';

/** What checks archives. */
interface ArchivesReader {
  readonly ports: Ports;
  readonly budget: PassBudget;
}

/** What is to be checked, and how much of it. */
interface FilesToCheck {
  /** The slot data that the files are copied to. */
  readonly data: SlotData | undefined;
  readonly files: readonly SourceFile[];
  /** Whether to read archives to the end, not the beginning only. */
  readonly whole: boolean;
}

/** The result of the check, or how far it came when time was up: the state has to record it. */
export type ArchivesReading = CheckView | UnfinishedWork;

/**
 * Checks whether folders can be copied, and the archives; continues the check of archives that the state records, if it
 * is one of the same bytes.
 */
export async function checkFiles(
  { ports, budget }: ArchivesReader,
  { data, files, whole }: FilesToCheck,
  { checking }: EndpointState,
): Promise<ArchivesReading> {
  const message = data && folderProblem(data, files);
  if (message !== undefined) return { kind: 'refused', message };
  const archives = archivesOf(data, files);
  const of = createHash('sha256').update(JSON.stringify({ whole, archives })).digest('hex');
  const before = checking?.of === of ? checking : undefined;
  const begun = before ?? { of, since: ports.now(), archives: archives.length };
  const check = await ports.sources.check(archives, { whole, isTimeUp: budget.isUp, progress: before?.progress });
  return check.kind === 'unfinished' ? unfinished({ ...begun, progress: check.progress }) : check;
}

function unfinished(checking: ArchivesCheck): UnfinishedWork {
  const { archives, progress } = checking;
  const message = `The archives are being checked: ${progress.checked} of ${archives} so far.`;
  // The next pass lists anew: a request that came since the listing began is for what may not be in it.
  return { kind: 'unfinished', reason: 'Checking', message, progress: { checking, listing: undefined } };
}
