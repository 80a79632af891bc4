import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarGz } from '@freshpoint/test-support/tar-builder';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCheck } from '../src/check.ts';
import type { OutputFormat } from '../src/text.ts';

let folder: string;
let sound: string;
let unusual: string;
let refused: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
  const model = { path: 'model.bin', body: 'x' };
  sound = put('sound.tar.gz', tarGz({ path: './', type: '5' }, model));
  unusual = put('unusual.tar.gz', tarGz(model, { path: 'latest', type: '2', link: 'model.bin' }));
  refused = put('refused.tar.gz', Buffer.from('\u0028\u00b5\u002f\u00fd zstd', 'latin1'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function run(files: readonly string[], format: OutputFormat = 'text') {
  const lines: string[] = [];
  const exitCode = await runCheck({ command: 'check', files, format }, (line) => lines.push(line));
  return { exitCode, lines };
}

test('a sound archive is one line, and success', async () => {
  const { exitCode, lines } = await run([sound]);
  expect(exitCode).toBe(0);
  expect(lines).toEqual([expect.stringMatching(/^sound {4}.*sound\.tar\.gz: 2 entries, \d+ bytes$/)]);
});

test('an unusual archive is sound with warnings, and success', async () => {
  const { exitCode, lines } = await run([unusual]);
  expect(exitCode).toBe(0);
  expect(lines).toEqual([
    expect.stringMatching(/^sound {4}/),
    expect.stringMatching(/^warning {2}.*unusual\.tar\.gz has the symbolic link "latest" to "model\.bin"/),
  ]);
});

test('a refused archive among others is attention needed', async () => {
  const { exitCode, lines } = await run([sound, refused, sound]);
  expect(exitCode).toBe(3);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['sound', 'refused', 'sound']);
  expect(lines[1]).toBe(
    `refused  ${refused} is not gzip: it starts like zstd. Create it with: tar -czf model.tar.gz -C <folder> .`,
  );
});

test('for programs each archive is an object', async () => {
  const { exitCode, lines } = await run([sound, unusual, refused], 'json');
  expect(exitCode).toBe(3);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      file: sound,
      size: expect.any(Number),
      kind: 'sound',
      whole: true,
      entries: 2,
      bytesRead: expect.any(Number),
      warnings: [],
    },
    expect.objectContaining({ kind: 'sound', entries: 2, warnings: [expect.stringContaining('symbolic link')] }),
    { file: refused, size: 9, kind: 'refused', message: expect.stringContaining('it starts like zstd') },
  ]);
});

test.each(['none.tar.gz', '.'])('a path that is no readable file (%s) is a failure', async (name) => {
  await expect(run([join(folder, name)])).rejects.toThrow(/ cannot be read: E(NOENT|ISDIR)/);
});

test('what is in an archive cannot write control characters to the terminal', async () => {
  const path = put('hostile.tar.gz', tarGz({ path: 'a\u001b[2Jb/../../c', body: 'x' }));
  const { lines } = await run([path]);
  expect(lines.join('')).not.toContain('\u001b');
  expect(lines).toEqual([expect.stringContaining('a\\u001b[2Jb/../../c')]);
});
