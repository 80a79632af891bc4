import { expect, test } from 'vitest';
import { ControllerLog } from '../controller-log.ts';

/** The lines that are shown for these entries. */
function linesOf(...entries: Readonly<Record<string, unknown>>[]): string[] {
  const log = new ControllerLog();
  return entries.flatMap((entry) => log.add(entry) ?? []);
}

test('a line has the decision, its reason and a message, or slot and revision', () => {
  expect(
    linesOf(
      { decision: 'requeue', reason: 'Settling', message: 'newest source must be 2 s old' },
      { decision: 'stage', reason: 'NewRevision', message: 'NewRevision', slot: 'b', revision: '57adee9f601c' },
      { decision: 'deployed', reason: 'deployed', message: 'deployed', slot: 'a', revision: '57adee9f601c' },
      { message: 'error', error: { message: 'Rate exceeded' } },
    ),
  ).toEqual([
    'requeue (Settling): newest source must be 2 s old',
    'stage (NewRevision): slot B, revision 57adee9f601c',
    'deployed: slot A, revision 57adee9f601c',
    'error: Rate exceeded',
  ]);
});

test('a line is not repeated', () => {
  const revision = '57adee9f601c';
  const waiting = { decision: 'requeue', reason: 'EndpointBusy', message: 'endpoint is Updating' };
  const message = 'no ping';
  expect(
    linesOf(
      { decision: 'started', message: 'small', revision },
      { decision: 'swap', reason: 'NewRevision', message: 'small', revision },
      waiting,
      waiting,
      { decision: 'refused', reason: 'Quarantined', message, revision },
      { decision: 'done', reason: 'Quarantined', message, revision },
      { decision: 'refused', reason: 'Quarantined', message, revision },
    ),
  ).toEqual([
    'swap (NewRevision): small',
    'requeue (EndpointBusy): endpoint is Updating',
    'refused (Quarantined): no ping',
    `done (Quarantined): revision ${revision}`,
  ]);
});
