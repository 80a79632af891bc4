import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientConfig } from './clients.ts';
import { Emulator } from './emulator.ts';
import { answersTo } from './s3-claims.ts';

/** What ministack answers instead. */
const DIFFERENCES = {
  // It ignores the conditions that CopyObject sets for its destination.
  'CopyObject If-None-Match: * writes once': ['accepted', 'accepted'],
  'CopyObject If-Match writes over that version only': 'accepted',
  // Its listings have milliseconds.
  'a listing dates an object as HeadObject does': false,
};

let folder: string;
let ours: LocalRuntime;
let theirs: Emulator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-claims-'));
  ours = await startLocalRuntime({ stateDir: join(folder, 'local') });
  theirs = await Emulator.start(join(folder, 'emulator'), ours.url);
});
afterAll(async () => {
  await theirs?.stop();
  await ours?.stop();
  await rm(folder, { recursive: true });
});

/** S3 refuses parts with a checksum in an upload that was begun without. */
const clientOf = (url: string) =>
  new S3Client({ ...clientConfig(url), forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });

test('ministack’s S3 answers the calls that the controller relies on as the local runtime does', async () => {
  const expected = await answersTo(clientOf(ours.url));
  expect(await answersTo(clientOf(theirs.url))).toEqual({ ...expected, ...DIFFERENCES });
  // A difference that is gone must be removed from the list.
  expect(Object.entries(DIFFERENCES).filter(([name, answer]) => String(expected[name]) === String(answer))).toEqual([]);
});
