import { randomFillSync } from 'node:crypto';
import { constants, gzipSync } from 'node:zlib';
import { s3InMemory } from '@freshpoint/test-support/s3-in-memory';
import { tarOf } from '@freshpoint/test-support/tar-builder';
import { describe, expect, test } from 'vitest';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { END_BYTES, endsLikeTar } from '../../src/archive/archive-end.ts';
import type { CheckOptions } from '../../src/ports.ts';

const QUICK_BYTES = 16 * 1024 ** 2;
const TAR = tarOf({ path: 'model.bin', body: randomFillSync(Buffer.alloc(20 * 1024 ** 2)) });
const stored = (bytes: Buffer) => gzipSync(bytes, { level: constants.Z_NO_COMPRESSION });
const WHOLE = stored(TAR);

/** Cut off where the end does not look like that of a tar by chance. */
function cutOff(bytes: Buffer): Buffer {
  let length = bytes.length - 1_000_000;
  while (length > END_BYTES && endsLikeTar(bytes.subarray(length - END_BYTES, length))) length -= 1;
  return bytes.subarray(0, length);
}

/** A gzip member of exactly this length: a comment fills its header. */
function memberOf(bytes: Buffer, length: number): Buffer {
  const member = stored(bytes);
  const comment = Buffer.alloc(length - member.length, 'x');
  comment[comment.length - 1] = 0;
  member[3] = 16;
  return Buffer.concat([member.subarray(0, 10), comment, member.subarray(10)]);
}

async function check(bytes: Buffer, options: Partial<CheckOptions> = {}) {
  const s3 = s3InMemory();
  await s3.call('CreateBucket', { Bucket: 'models' });
  const etag = await s3.put('models', 'model.tar.gz', bytes);
  const ranges: (string | undefined)[] = [];
  s3.hooks.before = (_, input) => void ranges.push(input.Range);
  const archive = { bucket: 'models', key: 'model.tar.gz', etag, size: bytes.length, lastModified: 0 };
  const view = await s3Sources(s3.client).check([archive], { whole: false, isTimeUp: () => false, ...options });
  return { view, ranges };
}

describe('the quick check', () => {
  test('of a large archive reads its end and its beginning', async () => {
    const { view, ranges } = await check(WHOLE);
    expect(view).toEqual({ kind: 'passed', warnings: [] });
    expect(ranges).toEqual([`bytes=${WHOLE.length - 8}-${WHOLE.length - 1}`, `bytes=0-${QUICK_BYTES - 1}`]);
  });

  test('of a small archive is one request', async () => {
    const bytes = stored(TAR.subarray(-1024 * 1024));
    expect((await check(bytes)).ranges).toEqual([`bytes=0-${bytes.length - 1}`]);
  });

  test('reads an archive that was cut off whole, and refuses it', async () => {
    const bytes = cutOff(WHOLE);
    const { view, ranges } = await check(bytes);
    expect(view).toMatchObject({ kind: 'refused', message: expect.stringMatching(/ends too early/) });
    expect(ranges.at(-1)).toBe(`bytes=0-${bytes.length - 1}`);
  });

  test('warns of an archive that was cut off, if also the next pass has no time to read it whole', async () => {
    const bytes = cutOff(WHOLE);
    let asked = 0;
    const isTimeUp = () => ++asked > 100;
    const first = await check(bytes, { isTimeUp });
    expect(first.view).toEqual({ kind: 'unfinished', progress: { checked: 0, warnings: [] } });
    asked = 0;
    const { view } = await check(bytes, { isTimeUp, progress: { checked: 0, warnings: [] } });
    expect(view).toMatchObject({
      kind: 'passed',
      warnings: [expect.stringMatching(/does not end like a gzipped tar, so it may be truncated, and is too large/)],
    });
  });

  test('passes an archive of several members, whose end tells nothing', async () => {
    const bytes = Buffer.concat([stored(TAR.subarray(0, QUICK_BYTES + 1)), stored(TAR.subarray(QUICK_BYTES + 1))]);
    expect(endsLikeTar(bytes.subarray(-END_BYTES))).toBe(false);
    expect((await check(bytes)).view).toEqual({ kind: 'passed', warnings: [] });
  });

  test('passes an archive whose first member ends exactly where it stops reading', async () => {
    const cut = QUICK_BYTES - 20_480;
    const bytes = Buffer.concat([memberOf(TAR.subarray(0, cut), QUICK_BYTES), stored(TAR.subarray(cut))]);
    expect((await check(bytes)).view).toEqual({ kind: 'passed', warnings: [] });
    expect((await check(Buffer.concat([bytes, Buffer.alloc(8)]))).ranges.at(-1)).toBe(`bytes=0-${QUICK_BYTES - 1}`);
  });

  test('passes an archive that zeros follow', async () => {
    const { view, ranges } = await check(Buffer.concat([WHOLE, Buffer.alloc(1000)]));
    expect(view).toEqual({ kind: 'passed', warnings: [] });
    expect(ranges).toHaveLength(2);
  });
});
