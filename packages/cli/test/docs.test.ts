import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { splitCommand } from '../src/split-command.ts';
import { USAGE } from '../src/usage.ts';

const PAGES = [
  'docs/cli.md',
  'docs/console.md',
  'docs/model-data.md',
  'docs/failures.md',
  'README.md',
  'packages/cli/README.md',
];

/** The command lines that a page shows. */
function commandsOf(page: string): string[] {
  const text = readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^npx freshpoint (.+)$/gm)].map(([, line = '']) => line);
}

test.each(PAGES.flatMap((page) => commandsOf(page).map((line) => [page, line])))('%s: freshpoint %s', (_, line) => {
  expect(() => readArguments(splitCommand(line))).not.toThrow();
});

test('the page shows every verb', () => {
  const verbs = [...USAGE.matchAll(/^ {2}([a-z]+)(?: <| \[| {2})/gm)].map(([, verb]) => verb);
  expect(verbs).toHaveLength(13);
  const shown = new Set(commandsOf('docs/cli.md').map((line) => line.split(' ')[0]));
  expect(verbs.filter((verb) => !shown.has(verb))).toEqual([]);
});
