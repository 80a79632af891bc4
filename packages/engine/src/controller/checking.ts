import { createHash } from 'node:crypto';
import type { SlotData } from '@freshpoint/cdk/contract';
import { folderProblem } from '../policy/folder-problem.ts';
import type { CheckView, SourceFile } from '../policy/observation.ts';
import type { ArchivesCheck, EndpointState } from '../policy/state.ts';
import type { Ports, StoredState } from '../ports.ts';
import { archivesOf } from './archives.ts';
import { type PassBudget, RESUME_SECONDS } from './budget.ts';
import type { StoredEndpoint } from './pass.ts';

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
export type ArchivesReading = CheckView | { readonly kind: 'unfinished'; readonly checking: ArchivesCheck };

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
  return check.kind === 'unfinished' ? { ...check, checking: { ...begun, progress: check.progress } } : check;
}

/** Ends a pass for a deployment that only checks: the next one continues. */
export async function saveCheck(
  { ports, endpoint, store }: StoredEndpoint,
  { state, etag }: StoredState,
  checking: ArchivesCheck,
): Promise<{ readonly kind: 'requeue' }> {
  await ports.states.write(store, { ...state, listing: undefined, checking }, etag);
  const entry = { decision: 'requeue', reason: 'Checking', message: describeChecking(checking) } as const;
  ports.telemetry.decision({ endpoint, ...entry, seconds: RESUME_SECONDS });
  return { kind: 'requeue' };
}

/** How far the check came, in words. */
export function describeChecking({ archives, progress: { checked } }: ArchivesCheck): string {
  return `The archives are being checked: ${checked} of ${archives} so far.`;
}
