import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Rollout } from '../../src/policy/rollout.ts';

const PHASES = Object.keys({
  settling: true,
  staging: true,
  updating: true,
  testing: true,
} satisfies Record<Rollout['phase'], true>).sort();
const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/architecture.md'), 'utf8');
const FOLDER = join(import.meta.dirname, '../../src/policy/phases');

test('the diagram in docs/architecture.md has exactly the phases of a rollout', () => {
  const diagram = /```mermaid\nstateDiagram-v2\n(.*?)```/s.exec(PAGE)?.[1] ?? '';
  const transitions = [...diagram.matchAll(/^ {2}(\S+) --> (\S+): /gm)].map(([, from = '', to = '']) => [from, to]);
  const states = new Set(transitions.flat());
  states.delete('[*]');
  expect([...states].sort()).toEqual(PHASES);
  expect(transitions).toHaveLength(diagram.trim().split('\n').length);
});

test('each phase has a file', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(PHASES.map((phase) => `${phase}.ts`));
});
