import { readFileSync } from 'node:fs';
import { checkArchive } from '@freshpoint/engine/archive/check-archive';
import { LOADABLE, UNLOADABLE } from '@freshpoint/test-support/model-archives';
import { pieces } from '@freshpoint/test-support/tar-builder';
import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { splitCommand } from '../src/split-command.ts';
import { USAGE } from '../src/usage.ts';

const PAGES = [
  'docs/cli.md',
  'docs/console.md',
  'docs/model-data.md',
  'docs/failures.md',
  'docs/operations.md',
  'docs/walkthrough.md',
  'README.md',
  'docs/local-runtime.md',
  'packages/cli/README.md',
];

function textOf(page: string): string {
  return readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8');
}

/** The command lines that a page shows. */
function commandsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^npx freshpoint (.+)$/gm)].map(([, line = '']) => line);
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

describe('docs/model-data.md lists what archives', () => {
  const page = textOf('docs/model-data.md');

  /** What the messages say, by the table whose last column begins with this. */
  function phrasesBelow(heading: string): string[] {
    const [, table = ''] = page.split(heading);
    const [rows = ''] = table.split('\n\n');
    return [...rows.matchAll(/\| ([^|]*) \|$/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, phrase = '']) => phrase),
    );
  }

  async function messagesOf(cases: typeof LOADABLE): Promise<string[]> {
    const verdicts = await Promise.all(cases.map(({ bytes }) => checkArchive(pieces(bytes(), 50_000), { uri: 'it' })));
    return verdicts.flatMap((verdict) => (verdict.kind === 'refused' ? [verdict.message] : verdict.warnings));
  }

  function expectListed(phrases: readonly string[], messages: readonly string[]): void {
    expect(messages.filter((message) => !phrases.some((phrase) => message.includes(phrase)))).toEqual([]);
    expect(phrases.filter((phrase) => !messages.some((message) => message.includes(phrase)))).toEqual([]);
  }

  test('are refused for', async () => {
    expectListed(phrasesBelow('An archive is rejected if it\n\n| | the message says |'), await messagesOf(UNLOADABLE));
  });

  test('have a warning for', async () => {
    const unusual = LOADABLE.filter(({ warning }) => warning);
    expectListed(phrasesBelow('| an archive | the message says |'), await messagesOf(unusual));
  });
});
