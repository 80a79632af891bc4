import { beforeEach, describe, expect, it } from 'vitest';
import { page } from '../../src/core/page.ts';
import { walk } from '../../src/s3/operations/paging.ts';
import { compareUtf8 } from '../../src/s3/sorted-keys.ts';
import { simulatedS3 } from './support.ts';

type S3 = ReturnType<typeof simulatedS3>;
const Bucket = 'bucket';

const keysOf = (page: { Contents?: { Key: string }[] }) => (page.Contents ?? []).map(({ Key }) => Key);
const prefixesOf = (page: { CommonPrefixes?: { Prefix: string }[] }) =>
  (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix);

async function put(s3: S3, ...keys: string[]) {
  for (const Key of keys) await s3.call('PutObject', { Bucket, Key, Body: Key });
}

describe('listing', () => {
  let s3: S3;
  beforeEach(async () => {
    s3 = simulatedS3();
    await s3.call('CreateBucket', { Bucket });
  });

  it('orders keys by their UTF-8 bytes, not by UTF-16 units', async () => {
    await put(s3, '\u{1F600}', '\uFF5E', 'é', 'z', 'a/', 'a', 'a!', 'Z');
    expect(keysOf(await s3.call('ListObjectsV2', { Bucket }))).toEqual([
      'Z',
      'a',
      'a!',
      'a/',
      'z',
      'é',
      '\uFF5E',
      '\u{1F600}',
    ]);
  });

  it('rolls keys up to the delimiter and pages over rolled-up prefixes', async () => {
    await put(s3, 'a', 'b/1', 'b/2', 'b/c/3', 'c', 'd/1', 'e');
    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.call('ListObjectsV2', { Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken });
      seen.push(...keysOf(page), ...prefixesOf(page));
      expect(page.KeyCount).toBe(1);
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken);
    expect(seen).toEqual(['a', 'b/', 'c', 'd/', 'e']);
    const inside = await s3.call('ListObjectsV2', { Bucket, Prefix: 'b/', Delimiter: '/' });
    expect([keysOf(inside), prefixesOf(inside)]).toEqual([['b/1', 'b/2'], ['b/c/']]);
  });

  it('starts after a key and refuses a token that it did not give', async () => {
    await put(s3, 'a', 'b', 'c');
    expect(keysOf(await s3.call('ListObjectsV2', { Bucket, StartAfter: 'a' }))).toEqual(['b', 'c']);
    expect(keysOf(await s3.call('ListObjects', { Bucket, Marker: 'b' }))).toEqual(['c']);
    const { NextContinuationToken } = await s3.call('ListObjectsV2', { Bucket, MaxKeys: 1 });
    const second = { Bucket, ContinuationToken: NextContinuationToken, StartAfter: 'z' };
    expect(keysOf(await s3.call('ListObjectsV2', second))).toEqual(['b', 'c']);
    await expect(s3.call('ListObjectsV2', { Bucket, ContinuationToken: 'x' })).rejects.toThrow('continuation token');
    await expect(s3.call('ListObjectsV2', { Bucket, MaxKeys: -1 })).rejects.toThrow('maxKeys');
    expect(await s3.call('ListObjectsV2', { Bucket, MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  it('lists no group again that a marker is in', async () => {
    await put(s3, 'a/1', 'a/2', 'b');
    for (const start of [{ StartAfter: 'a/1' }, { StartAfter: 'a/' }]) {
      const listed = await s3.call('ListObjectsV2', { Bucket, Delimiter: '/', ...start });
      expect([...prefixesOf(listed), ...keysOf(listed)]).toEqual(['b']);
    }
  });

  it('continues at the token, whatever it started after', async () => {
    await put(s3, 'a', 'b', 'c');
    const { NextContinuationToken: ContinuationToken } = await s3.call('ListObjectsV2', { Bucket, MaxKeys: 1 });
    const next = await s3.call('ListObjectsV2', { Bucket, ContinuationToken, StartAfter: 'b' });
    expect(keysOf(next)).toEqual(['b', 'c']);
    expect(next.StartAfter).toBeUndefined();
  });

  it('names the last upload, and refuses an upload of another key', async () => {
    const { UploadId } = await s3.call('CreateMultipartUpload', { Bucket, Key: 'a' });
    const last = { NextKeyMarker: 'a', NextUploadIdMarker: UploadId, IsTruncated: false };
    expect(await s3.call('ListMultipartUploads', { Bucket })).toMatchObject(last);
    const { Uploads, UploadIdMarker } = await s3.call('ListMultipartUploads', { Bucket, UploadIdMarker: UploadId });
    expect([Uploads[0].Initiator.DisplayName, UploadIdMarker]).toEqual(['000000000000', '']);
    const wrong = s3.call('ListMultipartUploads', { Bucket, KeyMarker: 'b', UploadIdMarker: UploadId });
    await expect(wrong).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('lists buckets in pages, and those of a Region', async () => {
    await s3.call('CreateBucket', { Bucket: 'other' });
    const { Buckets, ContinuationToken } = await s3.call('ListBuckets', { MaxBuckets: 1 });
    expect(Buckets).toMatchObject([{ Name: Bucket, BucketRegion: 'us-east-1', BucketArn: `arn:aws:s3:::${Bucket}` }]);
    expect((await s3.call('ListBuckets', { ContinuationToken })).Buckets).toMatchObject([{ Name: 'other' }]);
    expect((await s3.call('ListBuckets', { BucketRegion: 'eu-west-1' })).Buckets).toEqual([]);
  });

  it('encodes keys on request', async () => {
    await put(s3, 'a b+c/(1)é');
    const page = await s3.call('ListObjectsV2', { Bucket, EncodingType: 'url' });
    expect(keysOf(page)).toEqual(['a%20b%2Bc/%281%29%C3%A9']);
    expect(decodeURIComponent(keysOf(page)[0] ?? '')).toBe('a b+c/(1)é');
  });

  it('hides keys whose newest version is a delete marker, prefixes of only such keys too', async () => {
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    await put(s3, 'a', 'gone/1', 'gone/2');
    await s3.call('DeleteObject', { Bucket, Key: 'gone/1' });
    await s3.call('DeleteObject', { Bucket, Key: 'gone/2' });
    const page = await s3.call('ListObjectsV2', { Bucket, Delimiter: '/' });
    expect([keysOf(page), prefixesOf(page)]).toEqual([['a'], []]);
  });

  it('pages through versions, the newest of each key first', async () => {
    await s3.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
    await put(s3, 'a', 'a', 'b');
    await s3.call('DeleteObject', { Bucket, Key: 'a' });
    const all = await s3.call('ListObjectVersions', { Bucket });
    expect(all.DeleteMarkers).toMatchObject([{ Key: 'a', IsLatest: true }]);
    expect(all.Versions.map((v: { Key: string; IsLatest: boolean }) => [v.Key, v.IsLatest])).toEqual([
      ['a', false],
      ['a', false],
      ['b', true],
    ]);
    const seen: string[] = [];
    let marker = {};
    for (let more = true; more; ) {
      const page = await s3.call('ListObjectVersions', { Bucket, MaxKeys: 1, ...marker });
      for (const v of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) seen.push(v.VersionId);
      marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      more = page.IsTruncated;
    }
    const expected = [all.DeleteMarkers[0], ...all.Versions].map((v: { VersionId: string }) => v.VersionId);
    expect(seen).toEqual(expected);
  });

  it('reads no more keys than it shows, among 10 000', () => {
    const keys = Array.from({ length: 10_000 }, (_, n) => `k/${n}/x`).sort(compareUtf8);
    let reads = 0;
    const read = (key: string) => {
      reads += 1;
      return [key];
    };
    const listed = { keys, valuesOf: read, idOf: String };
    const flat = { prefix: 'k/', delimiter: '', after: 'k/5' };
    expect(page(walk(listed, flat), 10)).toMatchObject({
      isLast: false,
      items: [{ key: 'k/5/x' }, { key: 'k/50/x' }, {}, {}, {}, {}, {}, {}, {}, {}],
    });
    expect(reads).toBe(11);
    reads = 0;
    expect(page(walk(listed, { prefix: '', delimiter: '/', after: '' }), 10).items).toEqual([{ commonPrefix: 'k/' }]);
    expect(reads).toBe(1);
  });
});
