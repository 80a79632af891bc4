import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_TYPES, METRIC_NAMES } from '@freshpoint/cdk/contract';
import { expect, test } from 'vitest';
import type { RefreshEvent } from '../../src/policy/refresh-event.ts';
import type { StallEvent } from '../../src/policy/stalled.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/operations.md'), 'utf8');

/** What is published of an event, apart from its type. The compiler says when one is missing. */
type Published<Event> = Readonly<Record<Exclude<keyof Event, 'type' | 'sources'> | 'endpoint' | 'endpointName', true>>;
const REFRESH: Published<RefreshEvent> = {
  endpoint: true,
  endpointName: true,
  revision: true,
  slot: true,
  configName: true,
  trigger: true,
  startedAt: true,
  secondsFromUpload: true,
  message: true,
  fault: true,
  retried: true,
  warning: true,
};
const STALL: Published<StallEvent> = {
  endpoint: true,
  endpointName: true,
  reason: true,
  message: true,
  since: true,
  revision: true,
};

/** The names in the first column of the nth table below a heading. */
function namesIn(heading: string, table: number): string[] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/(?:^\|.*\n)+/gm)][table]?.[0].trimEnd().split('\n').slice(2) ?? [];
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

test('docs/operations.md has each metric', () => {
  expect(namesIn('Metrics', 0).sort()).toEqual(Object.values(METRIC_NAMES).sort());
});

test('docs/operations.md has each event, with its fields', () => {
  expect(namesIn('Events', 0).sort()).toEqual(Object.values(EVENT_TYPES).sort());
  expect(namesIn('Events', 1).sort()).toEqual(Object.keys(REFRESH).sort());
  expect(namesIn('Events', 2).sort()).toEqual(Object.keys(STALL).sort());
});
