import { describe, expect, test } from 'vitest';
import { anchorsOf, codeBlocks, linksOf, looseRows } from '../markdown.ts';

const DOCUMENT = [
  '# The `local` runtime',
  '[a](docs/a.md#b-c), [`b`](#the-local-runtime) and `[no](link)`',
  '```ts',
  'const a = 1;',
  '# no heading',
  '[no](link)',
  '```',
  '## Twice',
  '## Twice',
  '```sh',
  'npm test',
  '```',
].join('\n');

describe('a document', () => {
  test('gives its blocks of a language, with their lines', () => {
    expect(codeBlocks(DOCUMENT, 'ts')).toEqual([{ text: 'const a = 1;\n# no heading\n[no](link)', line: 4 }]);
    expect(codeBlocks(DOCUMENT, 'sh')).toEqual([{ text: 'npm test', line: 11 }]);
  });

  test('gives the links of its prose', () => {
    expect(linksOf(DOCUMENT)).toEqual(['docs/a.md#b-c', '#the-local-runtime']);
  });

  test('gives the rows that are in no table', () => {
    const table = '| a | b |\n|---|:-:|\n| 1 | 2 |';
    expect(looseRows(`${table}\n\n\`\`\`\n| code |\n\`\`\`\n\n${table}`)).toEqual([]);
    expect(looseRows(`${table}\n\n| 3 | 4 |\n\n${table}`)).toEqual(['| 3 | 4 |']);
  });

  test('gives the anchors of its headings, as GitHub makes them', () => {
    expect(anchorsOf(DOCUMENT)).toEqual(['the-local-runtime', 'twice', 'twice-1']);
    expect(anchorsOf('## What it is, & why\n### [Link](x) – `a.b`')).toEqual(['what-it-is--why', 'link--ab']);
  });
});
