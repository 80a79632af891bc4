import { createHash } from 'node:crypto';
import net from 'node:net';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  type Tag,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultAccount } from '#simulator/core/account';
import { root } from '#simulator/core/cloud';
import { startS3, until } from './support.ts';

const Bucket = 'edge-bucket';
const mib = 1024 * 1024;

/** The query of a URL that was signed so many ms from now. */
function signed(fromNowMs: number, expires = '900'): string {
  const at = new Date(Date.now() + fromNowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  return (
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a&X-Amz-Date=${at}&X-Amz-Expires=${expires}` +
    '&X-Amz-SignedHeaders=host&X-Amz-Signature=0'
  );
}

describe('the HTTP edge', () => {
  let s3: Awaited<ReturnType<typeof startS3>>;
  let client: S3Client;
  const bodyOf = async (input: { Key: string; Range?: string; PartNumber?: number; VersionId?: string }) =>
    (await client.send(new GetObjectCommand({ Bucket, ...input }))).Body?.transformToString();
  beforeAll(async () => {
    s3 = await startS3();
    client = s3.client();
    await client.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(() => s3.stop());

  it('stores and serves objects, with headers, metadata, tags and checksums', async () => {
    const Key = 'dir/a.txt';
    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'hello',
        ContentType: 'text/plain',
        CacheControl: 'no-store',
        Metadata: { x: 'é' },
        Tagging: 'a=b%20c',
        ChecksumAlgorithm: 'SHA256',
        ContentEncoding: 'identity',
      }),
    );
    expect(put).toMatchObject({ ETag: '"5d41402abc4b2a76b9719d911017c592"', ChecksumType: 'FULL_OBJECT' });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({
      ContentLength: 5,
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      TagCount: 1,
      AcceptRanges: 'bytes',
      ChecksumSHA256: createHash('sha256').update('hello').digest('base64'),
      ContentEncoding: 'identity',
    });
    expect(head.LastModified?.getMilliseconds()).toBe(0);
    expect(await bodyOf({ Key })).toBe('hello');
    expect(await bodyOf({ Key, Range: 'bytes=1-2' })).toBe('el');
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(TagSet).toEqual([{ Key: 'a', Value: 'b c' }]);
    await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'é/+', Value: '@' }] } }));
    expect((await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet).toEqual([
      { Key: 'é/+', Value: '@' },
    ]);
  });

  it.each([
    // AWS's own example: the bytes of a header are Latin-1.
    [Buffer.from('ÄMÄZÕÑ S3').toString('latin1'), '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?='],
    ['=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=', '=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?='],
    ['=?utf-8?b?YWJj?= =?iso-8859-1?q?_d=E9f?=', '=?UTF-8?Q?abc_d=C3=A9f?='],
    ['=?UTF-8?B?=GGG?=', '=?UTF-8?B?77+9Ye+/vQ==?='],
    ['=?none?Q?a?= a=?UTF-8?Q?b?=', '=?none?Q?a?= a=?UTF-8?Q?b?='],
    [
      `=?UTF-8?Q?${'a'.repeat(28)}=F0=9F=94=91=F0=9F=94=91${'b'.repeat(28)}?=`,
      `=?UTF-8?Q?${'a'.repeat(28)}=F0=9F=94=91?= =?UTF-8?Q?=F0=9F=94=91${'b'.repeat(28)}?=`,
    ],
  ])('decodes user metadata, and encodes it again as S3 does: %s', async (given, returned) => {
    await s3.raw('PUT', `/${Bucket}/meta`, { headers: { 'x-amz-meta-x': given } });
    expect((await s3.raw('HEAD', `/${Bucket}/meta`)).headers['x-amz-meta-x']).toBe(returned);
  });

  it('writes a space in a header for what it cannot hold', async () => {
    const caller = root(defaultAccount);
    await s3.cloud.call('s3', 'PutObject', { Bucket, Key: 'plain', Body: '', CacheControl: 'é—a' }, caller);
    const { headers } = await s3.raw('GET', `/${Bucket}/plain`);
    expect(headers['cache-control']).toBe('é a');
    expect(headers).not.toHaveProperty('x-amzn-requestid');
    const { status, body } = await s3.raw('GET', `/${Bucket}/plain?response-cache-control=%E2%80%94`);
    expect(status).toBe(400);
    expect(body).toContain('Header value cannot be represented using ISO-8859-1.');
  });

  it('takes conditions from the query of a URL, and names what a bucket without locks does not have', async () => {
    const create = () => s3.raw('PUT', `/${Bucket}/conditional?if-none-match=%2A`);
    expect((await create()).status).toBe(200);
    expect((await create()).status).toBe(412);
    const headers = { 'x-amz-bypass-governance-retention': 'false' };
    const { body } = await s3.raw('DELETE', `/${Bucket}/conditional`, { headers });
    expect(body).toContain('is only applicable to Object Lock enabled buckets.');
    const digest = { 'content-md5': 'CYketZBSTjX8czcs3cXVlg==' };
    const refused = await s3.raw('PUT', `/${Bucket}/conditional`, { headers: digest, body: 'x' });
    expect(refused.body).toContain('<ExpectedDigest>09891eb590524e35fc73372cddc5d596</ExpectedDigest>');
  });

  it.each(['', '?list-type=2', '?versions', '?uploads'])(
    'refuses an empty encoding in a listing: %j',
    async (query) => {
      const { status, body } = await s3.raw('GET', `/${Bucket}${query}${query ? '&' : '?'}encoding-type=`);
      expect(status).toBe(400);
      expect(body).toContain('<ArgumentName>encoding-type</ArgumentName><ArgumentValue></ArgumentValue>');
    },
  );

  it.each([
    '../../x',
    '%2e%2e/%2e%2e',
    '/',
    '//a//b/',
    'a b+c',
    'a?b=c#d',
    'x\u0000y',
    '\u0001\r\n\t',
    'ключ/鍵/\u{1F511}',
    '&<>"\'',
    ' lead and trail ',
    'k'.repeat(1024),
    'con',
    '\\..\\',
    '__proto__',
    'a%',
    '.',
  ])('takes any key as a name, never as a path: %j', async (Key) => {
    // A bucket each, so that the listing shows this key alone.
    const bucket = `keys-${createHash('md5').update(Key).digest('hex')}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    expect(await Body?.transformToString()).toBe(Key);
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url' }));
    expect(Contents?.map((entry) => decodeURIComponent(entry.Key ?? ''))).toEqual([Key]);
    await client.send(
      new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/${encodeURIComponent(Key)}` }),
    );
    const result = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key }, { Key: 'copy' }] } }),
    );
    expect(result.Errors).toBeUndefined();
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  });

  it('takes a plus sign in a path for a space, as S3 does', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'a b', Body: 'space' }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'a+b', Body: 'plus' }));
    const bodies = ['a+b', 'a%20b', 'a%2Bb'].map(async (key) => (await s3.raw('GET', `/${Bucket}/${key}`, {})).body);
    expect(await Promise.all(bodies)).toEqual(['space', 'space', 'plus']);
  });

  it('refuses a key that is too long, not UTF-8 or badly escaped', async () => {
    await expect(client.send(new PutObjectCommand({ Bucket, Key: 'k'.repeat(1025) }))).rejects.toMatchObject({
      name: 'KeyTooLongError',
      $metadata: { httpStatusCode: 400 },
    });
    for (const path of [`/${Bucket}/%ff`, `/${Bucket}/%zz`]) {
      const answer = await s3.raw('PUT', path, { headers: { 'content-length': '0' } });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('<Code>InvalidURI</Code>')]);
    }
  });

  it('uploads in parts with the SDK, and serves ranges across parts', async () => {
    const parts = [Buffer.alloc(5 * mib, 'a'), Buffer.alloc(5 * mib, 'b'), Buffer.alloc(mib, 'c')];
    const whole = Buffer.concat(parts);
    const upload = new Upload({
      client,
      params: { Bucket, Key: 'big', Body: Readable.from(parts), Metadata: { m: '1' } },
      partSize: 5 * mib,
    });
    const done = await upload.done();
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    expect(await bodyOf({ Key: 'big', Range: `bytes=${5 * mib - 1}-${10 * mib}` })).toBe(`a${'b'.repeat(5 * mib)}c`);
    expect(await bodyOf({ Key: 'big', PartNumber: 3 })).toBe('c'.repeat(mib));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'big', ChecksumMode: 'ENABLED' }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);
    // Server-side: copies share the bytes on disk.
    const files = s3.blobFiles().length;
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/big` }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'half' }));
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: 'half',
        UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/big`,
        CopySourceRange: `bytes=0-${5 * mib}`,
      }),
    );
    await client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'half',
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] },
      }),
    );
    expect(s3.blobFiles().length).toBe(files);
    expect(await bodyOf({ Key: 'half', Range: 'bytes=-2' })).toBe('ab');
    for (const Key of ['big', 'copy', 'half']) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await until(() => s3.blobFiles().length === files - 3);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'verifies %s on streams and parts',
    async (algorithm) => {
      const Key = `sum-${algorithm}`;
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: algorithm }),
      );
      const part = await client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'part', ChecksumAlgorithm: algorithm }),
      );
      const member = `Checksum${algorithm}` as const;
      const done = await client.send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag, [member]: part[member] }] },
        }),
      );
      expect(done[member]).toBeDefined();
      await client.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: Readable.from([Buffer.from('st'), Buffer.from('ream')]),
          ContentLength: 6,
          ChecksumAlgorithm: algorithm,
        }),
      );
      expect(
        (await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' })))[member],
      ).toBeDefined();
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(await Body?.transformToString()).toBe('stream');
    },
  );

  it('adds a CRC64NVME of the whole object to uploads that declare no checksum', async () => {
    const old = s3.client({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const body = Buffer.alloc(6 * mib, 'freshpoint');
    const checksumOf = async (Key: string) => {
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      return { value: head.ChecksumCRC64NVME, type: head.ChecksumType };
    };
    await old.send(new PutObjectCommand({ Bucket, Key: 'whole', Body: body }));
    const whole = await checksumOf('whole');
    expect(whole).toEqual({ value: expect.stringMatching(/^.{11}=$/), type: 'FULL_OBJECT' });
    const Key = 'parts';
    const { UploadId } = await old.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const parts = [];
    for (const [PartNumber, Body] of [
      [1, body.subarray(0, 5 * mib)],
      [2, body.subarray(5 * mib)],
    ] as const) {
      // A part can have a checksum of its own nevertheless, which is checked.
      const part = await (PartNumber === 1 ? old : client).send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }),
      );
      parts.push({ PartNumber, ETag: part.ETag });
    }
    const wrong = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 3, Body: 'x', ChecksumCRC32: 'AAAAAA==' });
    await expect(old.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    const completed = { Bucket, Key, UploadId, MultipartUpload: { Parts: parts } };
    expect((await old.send(new CompleteMultipartUploadCommand(completed))).ChecksumCRC64NVME).toBe(whole.value);
    expect(await checksumOf(Key)).toEqual(whole);
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/parts` }));
    expect(await checksumOf('copy')).toEqual(whole);
  });

  const trailing = (checksum: string, kind: 'signed' | 'unsigned' = 'unsigned') => {
    const signed = kind === 'signed';
    const signature = signed ? `;chunk-signature=${'0'.repeat(64)}` : '';
    const tail = signed ? `x-amz-trailer-signature:${'0'.repeat(64)}\r\n` : '';
    return {
      headers: {
        'x-amz-content-sha256': signed
          ? 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
          : 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '5',
        'x-amz-trailer': 'x-amz-checksum-crc32',
      },
      body:
        `2${signature}\r\nhe\r\n3${signature}\r\nllo\r\n0${signature}\r\n` +
        `x-amz-checksum-crc32:${checksum}\r\n${tail}\r\n`,
    };
  };

  it('keeps the other encodings of a body in chunks', async () => {
    const { headers, body } = trailing('NhCmhg==');
    const given = { headers: { ...headers, 'content-encoding': 'aws-chunked, deflate, gzip' }, body };
    expect((await s3.raw('PUT', `/${Bucket}/encoded`, given)).status).toBe(200);
    const { ContentEncoding } = await client.send(new HeadObjectCommand({ Bucket, Key: 'encoded' }));
    expect(ContentEncoding).toBe('deflate, gzip');
  });

  it('takes off chunk framing and believes a trailer only when it is right', async () => {
    const files = s3.blobFiles().length;
    for (const kind of ['unsigned', 'signed'] as const) {
      const bad = await s3.raw('PUT', `/${Bucket}/t`, trailing('AAAAAA==', kind));
      expect([bad.status, bad.body]).toEqual([400, expect.stringContaining('<Code>BadDigest</Code>')]);
      expect(s3.blobFiles().length).toBe(files);
      const good = await s3.raw('PUT', `/${Bucket}/t`, trailing('NhCmhg==', kind));
      expect([good.status, good.headers['x-amz-checksum-crc32']]).toEqual([200, 'NhCmhg==']);
      expect(await bodyOf({ Key: 't' })).toBe('hello');
      expect((await client.send(new HeadObjectCommand({ Bucket, Key: 't' }))).ContentEncoding).toBeUndefined();
      await client.send(new DeleteObjectCommand({ Bucket, Key: 't' }));
      await until(() => s3.blobFiles().length === files);
    }
    const { headers } = trailing('');
    for (const body of ['2\r\nhe\r\n', 'zz\r\n', '2\r\nhello\r\n0\r\n\r\n', `${'1'.repeat(20_000)}`, '0\r\n\r\n']) {
      const answer = await s3.raw('PUT', `/${Bucket}/t`, { headers, body });
      expect(answer.status, body.slice(0, 20)).toBe(400);
    }
    expect(s3.blobFiles().length).toBe(files);
  });

  it('refuses bodies that differ from what the headers say', async () => {
    const put = (headers: Record<string, string>) => s3.raw('PUT', `/${Bucket}/bad`, { headers, body: 'hello' });
    const files = s3.blobFiles().length;
    expect((await put({ 'content-md5': 'XUFAKrxLKna5cZ2REBfFkw==' })).body).toContain('<Code>BadDigest</Code>');
    expect((await put({ 'x-amz-checksum-sha1': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' })).body).toContain(
      '<Code>BadDigest</Code>',
    );
    expect((await put({ 'x-amz-content-sha256': '0'.repeat(64) })).body).toContain('XAmzContentSHA256Mismatch');
    expect((await put({ 'transfer-encoding': 'chunked' })).status).toBe(411);
    const large = await s3
      .raw('PUT', `/${Bucket}/bad`, {
        headers: { 'content-length': String(5 * 1024 ** 3 + 1), expect: '100-continue' },
      })
      .catch((error) => error);
    expect(large.body).toContain('<Code>EntityTooLarge</Code>');
    expect(s3.blobFiles().length).toBe(files);
  });

  it('answers before the body when it refuses a client that waits to continue', async () => {
    const ask = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = net.connect(s3.port, '127.0.0.1', () =>
          socket.write(`PUT ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`),
        );
        socket.once('data', (data) => {
          resolve(data.toString());
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await ask('/no-such-bucket/k')).toContain('404 Not Found');
    expect(await ask(`/${Bucket}/k`)).toMatch(/^HTTP\/1.1 100 Continue/);
  });

  it('keeps nothing of an upload whose client went away', async () => {
    const files = s3.blobFiles().length;
    const socket = net.connect(s3.port, '127.0.0.1');
    socket.write(
      `PUT /${Bucket}/aborted HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    await until(() => s3.blobFiles().length === files + 1);
    socket.destroy();
    await until(() => s3.blobFiles().length === files);
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'aborted' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('lets go of an object whose reader went away', async () => {
    const files = s3.blobFiles().length;
    await client.send(new PutObjectCommand({ Bucket, Key: 'read', Body: Buffer.alloc(20 * mib) }));
    const socket = net.connect(s3.port, '127.0.0.1');
    socket.write(`GET /${Bucket}/read HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'read' }));
    expect(s3.blobFiles().length).toBe(files + 1);
    socket.destroy();
    await until(() => s3.blobFiles().length === files);
  });

  it('understands bucket names in the host', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'host/k', Body: 'v' }));
    for (const host of [`${Bucket}.localhost:${s3.port}`, `${Bucket}.s3.localhost`]) {
      expect((await s3.raw('GET', '/host/k', { headers: { host } })).body, host).toBe('v');
    }
    expect((await s3.raw('GET', `/${Bucket}/host/k`, { headers: { host: 's3.localhost' } })).body).toBe('v');
    expect((await s3.raw('GET', '/?list-type=2', { headers: { host: `${Bucket}.localhost` } })).body).toContain(
      '<Name>edge-bucket</Name>',
    );
  });

  it('serves presigned URLs', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'signed', Body: 'v' }));
    const query = `${signed(-60_000)}&x-id=GetObject&response-content-disposition=attachment%0d%0aX-Evil:1`;
    const answer = await s3.raw('GET', `/${Bucket}/signed?${query}`);
    expect([answer.status, answer.body, answer.headers['x-evil']]).toEqual([200, 'v', undefined]);
    const put = `/${Bucket}/signed?${query.replace('GetObject', 'PutObject')}&X-Amz-Meta-Venue=123`;
    expect((await s3.raw('PUT', put, { body: 'w', headers: { 'content-length': '1' } })).status).toBe(200);
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'signed' }))).Metadata).toEqual({ venue: '123' });
  });

  it.each([
    ['has expired', signed(-901_000), 403, 'Request has expired'],
    ['is from the future', signed(16 * 60_000), 403, 'Request is not valid yet'],
    ['is valid for too long', signed(0, '604801'), 400, 'X-Amz-Expires must be less than a week'],
    ['has no number', signed(0, 'x'), 400, 'X-Amz-Expires should be a number'],
    ['has a negative number', signed(0, '-1'), 400, 'X-Amz-Expires must be non-negative'],
    ['has no time', signed(0).replace(/Date=[^&]*/, 'Date=now'), 400, 'X-Amz-Date must be in the ISO8601'],
    ['has expired, of version 2', 'AWSAccessKeyId=a&Signature=0&Expires=1767225600', 403, 'Request has expired'],
    ['has no time, of version 2', 'AWSAccessKeyId=a&Signature=0&Expires=now', 403, 'Invalid date'],
    ['has a time that no date can have', 'AWSAccessKeyId=a&Signature=0&Expires=-1e20', 403, 'Invalid date'],
  ])('refuses a presigned URL that %s', async (_, query, status, text) => {
    const { status: got, body } = await s3.raw('GET', `/${Bucket}?${query}`);
    expect([got, body]).toEqual([status, expect.stringContaining(`<Message>${text}`)]);
  });

  it('reads an object of one part by its part number, and an ETag with or without quotes', async () => {
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'single', Body: 'value' }));
    const part = await s3.raw('GET', `/${Bucket}/single?partNumber=1`);
    expect([part.status, part.body, part.headers['content-range']]).toEqual([206, 'value', 'bytes 0-4/5']);
    const IfMatch = ETag?.replaceAll('"', '');
    expect((await client.send(new PutObjectCommand({ Bucket, Key: 'single', Body: 'v', IfMatch }))).ETag).toBeDefined();
  });

  it('does not read what is archived, and takes no system tags', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'cold', Body: 'v', StorageClass: 'GLACIER' }));
    const archived = { name: 'InvalidObjectState', $metadata: { httpStatusCode: 403 } };
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'cold' }))).rejects.toMatchObject(archived);
    const copy = new CopyObjectCommand({ Bucket, Key: 'warm', CopySource: `${Bucket}/cold` });
    await expect(client.send(copy)).rejects.toMatchObject(archived);
    const Tagging = { TagSet: [{ Key: 'aws:x', Value: '' }] };
    const ofBucket = client.send(new PutBucketTaggingCommand({ Bucket, Tagging }));
    await expect(ofBucket).rejects.toMatchObject({
      name: 'InvalidTag',
      message: expect.stringMatching(/^System tags cannot be added/),
    });
    const ofObject = client.send(new PutObjectTaggingCommand({ Bucket, Key: 'cold', Tagging }));
    await expect(ofObject).rejects.toMatchObject({
      name: 'InvalidTag',
      message: expect.stringMatching(/cannot be prefixed with aws:$/),
    });
  });

  it('has no tags of a bucket after an empty set of them', async () => {
    const tag = (TagSet: Tag[]) => client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    await tag([{ Key: 'a', Value: 'b' }]);
    await tag([]);
    const read = client.send(new GetBucketTaggingCommand({ Bucket }));
    await expect(read).rejects.toMatchObject({ name: 'NoSuchTagSet' });
  });

  it('answers conditional reads with 304 and 412', async () => {
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'cond', Body: 'v' }));
    const get = (headers: Record<string, string>) => s3.raw('GET', `/${Bucket}/cond`, { headers });
    const fresh = await get({ 'if-none-match': ETag ?? '' });
    expect([fresh.status, fresh.body, fresh.headers.etag]).toEqual([304, '', ETag]);
    expect((await get({ 'if-match': '"x"' })).status).toBe(412);
    expect((await get({ range: 'bytes=9-' })).status).toBe(416);
    expect((await get({ 'if-modified-since': 'not a date' })).status).toBe(200);
  });

  it('manages versions', async () => {
    const versioned = 'versioned-bucket';
    await client.send(new CreateBucketCommand({ Bucket: versioned }));
    const at = { Bucket: versioned, Key: 'k' };
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: versioned }))).Status).toBeUndefined();
    await client.send(
      new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: versioned }))).Status).toBe('Enabled');
    const { VersionId } = await client.send(new PutObjectCommand({ ...at, Body: '1' }));
    const deleted = await client.send(new DeleteObjectCommand(at));
    expect(deleted.DeleteMarker).toBe(true);
    const missing = await client.send(new GetObjectCommand(at)).catch((error) => error);
    expect(missing).toMatchObject({ name: 'NoSuchKey', $response: { headers: { 'x-amz-delete-marker': 'true' } } });
    const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket: versioned }));
    expect([Versions?.[0]?.VersionId, DeleteMarkers?.[0]?.VersionId]).toEqual([VersionId, deleted.VersionId]);
    await expect(client.send(new DeleteBucketCommand({ Bucket: versioned }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    for (const id of [VersionId, deleted.VersionId])
      await client.send(new DeleteObjectCommand({ ...at, VersionId: id }));
    await client.send(new DeleteBucketCommand({ Bucket: versioned }));
  });

  it('manages buckets and their configurations', async () => {
    expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toContain(Bucket);
    expect((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('us-east-1');
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    expect(
      (await client.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration?.BlockPublicAcls,
    ).toBe(true);
    await client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    expect(
      (await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).EventBridgeConfiguration,
    ).toEqual({});
    await client.send(new PutObjectCommand({ Bucket, Key: 'event', Body: 'x' }));
    expect(s3.events.at(-1)).toMatchObject({ detail: { object: { key: 'event' }, 'source-ip-address': '127.0.0.1' } });
    const Rules = [{ ID: 'r', Status: 'Enabled' as const, Filter: { Prefix: 'p&' }, Expiration: { Days: 3 } }];
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(Rules);
    await client.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      }),
    );
    await expect(client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    await expect(client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{' }))).rejects.toMatchObject({
      name: 'MalformedPolicy',
    });
    await expect(client.send(new HeadBucketCommand({ Bucket: 'no-such-bucket' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    const foreign = new HeadBucketCommand({ Bucket, ExpectedBucketOwner: '111111111111' });
    await expect(client.send(foreign)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  it('lists uploads in progress', async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'open' }));
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'open' }));
    expect(Uploads).toMatchObject([{ Key: 'open', UploadId }]);
  });

  it('names what it does not have, and refuses hostile documents', async () => {
    const acl = await s3.raw('GET', `/${Bucket}?acl`);
    expect([acl.status, acl.body]).toEqual([501, expect.stringContaining('s3:GetBucketAcl')]);
    expect((await s3.raw('PATCH', `/${Bucket}`)).status).toBe(405);
    const post = (body: string) => s3.raw('POST', `/${Bucket}?delete`, { body });
    expect((await post('<Delete>')).body).toContain('MalformedXML');
    expect((await s3.raw('POST', '/missing?delete', { body: '<Delete>' })).body).toContain('NoSuchBucket');
    expect((await s3.raw('PUT', '/new', { body: '<x' })).body).toContain('MalformedXML');
    expect(
      (await post('<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>')).body,
    ).toContain('MalformedXML');
    expect((await post(`<Delete>${'<a>'.repeat(100_000)}`)).status).toBe(400);
    expect(
      (await post(`<Delete><Object><Key>${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}</Key></Object></Delete>`))
        .status,
    ).toBe(400);
    expect((await post('x'.repeat(2 * mib + 1))).body).toContain('MaxMessageLengthExceeded');
    const escaped = await post('<Delete><Object><Key>&#x3C;k&#62;&amp;</Key></Object></Delete>');
    expect(escaped.body).toContain('<Deleted><Key>&lt;k&gt;&amp;</Key></Deleted>');
    const literal = await post('<Delete><!-- <x> --><Object><Key>a<![CDATA[&amp;<b>]]></Key></Object></Delete>');
    expect(literal.body).toContain('<Deleted><Key>a&amp;amp;&lt;b&gt;</Key></Deleted>');
  });

  it('writes errors as S3 does', async () => {
    const answer = await s3.raw('GET', `/${Bucket}/none%3C`);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain(
      '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>none&lt;</Key>' +
        `<RequestId>${answer.headers['x-amz-request-id']}</RequestId>` +
        `<HostId>${answer.headers['x-amz-id-2']}</HostId></Error>`,
    );
    const head = await s3.raw('HEAD', `/${Bucket}/none`);
    expect([head.status, head.body]).toEqual([404, '']);
  });
});
