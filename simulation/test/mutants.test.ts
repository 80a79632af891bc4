import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../mutants/mutants.ts';
import { type Mutant, MutantError, mutate } from '../mutants/mutate.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENGINE_SOURCE = join(ROOT, 'packages/engine/src');

describe('each mutant has exactly one place in the engine', () => {
  test.each(MUTANTS)('$name', (mutant) => {
    const text = readFileSync(join(ENGINE_SOURCE, mutant.file), 'utf8');
    expect(mutate(mutant, text)).not.toBe(text);
  });

  const tested = MUTANTS.flatMap(({ name, test: found }) => (found ? [[name, found.file] as const] : []));
  test.each(tested)('and a test that exists: %s', (_, file) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  test('and a name and a bug of its own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    const bugs = MUTANTS.map(({ name: _, story: __, test: ___, ...bug }) => JSON.stringify(bug));
    expect(bugs.filter((bug, index) => bugs.indexOf(bug) !== index)).toEqual([]);
  });
});

describe('a mutant', () => {
  const text = [
    'export function swap(now: number): string {',
    "  if (now > 1) return 'a';",
    '  return Math.max(now, 2) as unknown as string;',
    '}',
    'const store = () => ({ async read() { return 1; } });',
  ].join('\n');
  const mutant = (given: Partial<Mutant>): Mutant => ({
    name: 'given',
    file: 'swap.ts',
    declaration: 'swap',
    node: 'IfStatement > .test',
    change: { replaceWith: 'false' },
    ...given,
  });

  test('replaces its node', () => {
    expect(mutate(mutant({}), text)).toBe(text.replace('now > 1', 'false'));
  });

  test('keeps a part of its node', () => {
    const change = { keepOnly: '.arguments:nth-child(2)' };
    expect(mutate(mutant({ node: 'CallExpression', change }), text)).toBe(text.replace('Math.max(now, 2)', '2'));
  });

  test('is found in a method', () => {
    const given = mutant({ declaration: 'store.read', node: 'Literal', change: { replaceWith: '2' } });
    expect(mutate(given, text)).toBe(text.replace('return 1', 'return 2'));
  });

  test('survives a rename and another format', () => {
    const moved = text.replaceAll('now', 'instant').replace(') return', ')\n    return');
    expect(mutate(mutant({}), moved)).toBe(moved.replace('instant > 1', 'false'));
  });

  test.each<[string, Partial<Mutant>]>([
    ['its declaration is missing', { declaration: 'swapped' }],
    ['its node is missing', { node: 'ForStatement' }],
    ['its node is there twice', { node: 'ReturnStatement' }],
    ['it changes nothing', { change: { replaceWith: 'now > 1' } }],
    ['the result cannot be parsed', { change: { replaceWith: 'if' } }],
  ])('fails when %s', (_, given) => {
    expect(() => mutate(mutant(given), text)).toThrow(MutantError);
  });
});
