import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3Sources } from '@freshpoint/engine/adapters/s3-sources';
import { unpackArchive } from '@freshpoint/local/model-archive/index';
import { type ArchiveCase, LOADABLE, PYTHONS, UNLOADABLE } from '@freshpoint/test-support/model-archives';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { pieces } from '@freshpoint/test-support/tar-builder';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCheck } from '../src/check.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
/** Bytes in which the archive arrives. */
const PIECE_BYTES = 50_000;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'archives-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Opinion {
  readonly isLoaded: boolean;
  readonly messages: readonly string[];
}

/** The check before a swap. */
async function controllerOn(bytes: Buffer, options: { readonly whole: boolean }): Promise<Opinion> {
  const s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket: 'models' });
  const etag = await s3.put('models', 'model.tar.gz', bytes);
  const sourceFile = { bucket: 'models', key: 'model.tar.gz', etag, size: bytes.length, lastModified: 0 };
  const view = await s3Sources(s3.client).check([sourceFile], { ...options, isTimeUp: () => false });
  if (view.kind === 'changed' || view.kind === 'unfinished') throw new Error(`The check is ${view.kind}.`);
  return view.kind === 'refused'
    ? { isLoaded: false, messages: [view.message] }
    : { isLoaded: true, messages: view.warnings };
}

/** A fleet of the local runtime. */
async function localFleetOn(bytes: Buffer): Promise<Opinion> {
  const uri = 's3://models/model.tar.gz';
  try {
    const { warnings } = await unpackArchive(pieces(bytes, PIECE_BYTES), join(home, 'model'), { uri });
    return { isLoaded: true, messages: warnings };
  } catch (error) {
    if ((error as Error).name !== 'ArchiveRefused') throw error;
    return { isLoaded: false, messages: [(error as Error).message] };
  }
}

/** `freshpoint check`. */
async function commandOn(bytes: Buffer): Promise<Opinion> {
  const path = join(home, 'model.tar.gz');
  writeFileSync(path, bytes);
  const lines: string[] = [];
  const exitCode = await runCheck({ command: 'check', files: [path], format: 'json' }, (line) => lines.push(line));
  const { kind, message, warnings } = JSON.parse(lines.join('\n'));
  expect(exitCode).toBe(kind === 'refused' ? 3 : 0);
  const messages: string[] = warnings ?? [message];
  return {
    isLoaded: kind === 'sound',
    messages: messages.map((text) => text.replace(path, 's3://models/model.tar.gz')),
  };
}

async function opinionsOn(bytes: Buffer) {
  return {
    'the quick check': await controllerOn(bytes, { whole: false }),
    'the full check': await controllerOn(bytes, { whole: true }),
    'the local fleet': await localFleetOn(bytes),
    'freshpoint check': await commandOn(bytes),
  };
}

function expectEach(opinions: Awaited<ReturnType<typeof opinionsOn>>, expected: Opinion): void {
  expect(opinions).toEqual({
    'the quick check': expected,
    'the full check': expected,
    'the local fleet': expected,
    'freshpoint check': expected,
  });
}

async function expectLoaded({ bytes, warning, files = { 'model.bin': Buffer.from('the model') } }: ArchiveCase) {
  const messages = warning ? [expect.stringMatching(warning)] : [];
  expectEach(await opinionsOn(bytes()), { isLoaded: true, messages });
  for (const [path, content] of Object.entries(files)) {
    const found = readFileSync(join(home, 'model', path));
    expect(found.equals(content), `the content of ${path}`).toBe(true);
  }
}

describe('every reader of archives loads', () => {
  test.each(LOADABLE.map((each) => [each.name, each] as const))('%s', (_, each) => expectLoaded(each));

  test.skipIf(!hasPython).each(PYTHONS.map((each) => [each.name, each] as const))('%s', (_, each) =>
    expectLoaded(each),
  );
});

describe('every reader of archives refuses, and leaves nothing behind:', () => {
  test.each(UNLOADABLE.map((each) => [each.name, each] as const))('%s', async (_, { bytes, refused }) => {
    const messages = [expect.stringMatching(refused ?? /^$/)];
    expectEach(await opinionsOn(bytes()), { isLoaded: false, messages });
    expect(readdirSync(home)).toEqual(['model.tar.gz']);
  });
});
