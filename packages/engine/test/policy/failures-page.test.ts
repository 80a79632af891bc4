import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAILURE_REASONS } from '../../src/policy/failure-reasons.ts';

const PAGE = join(import.meta.dirname, '../../../../docs/failures.md');

test('docs/failures.md has each kind of failure, as the controller judges it', () => {
  const rows = FAILURE_REASONS.map(
    ({ fault, example, todo, source }) => `| ${fault} | ${example} | ${todo} | ${source} |`,
  );
  const page = readFileSync(PAGE, 'utf8');
  const found = page.split('\n').filter((line) => FAILURE_REASONS.some(({ fault }) => line.startsWith(`| ${fault} |`)));
  expect(found).toEqual(rows);
});
