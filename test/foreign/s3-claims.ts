import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

/** What the controller relies on, as calls whose answers can be compared between implementations. */
type Claim = (s3: S3Client, Bucket: string) => Promise<unknown>;

const Key = 'model.tar.gz';
const Body = 'the model';
const WRONG = '"00000000000000000000000000000000"';
const CopySource = (Bucket: string) => `${Bucket}/${Key}`;

/** The status with which a call is refused, or what it answers. */
async function outcome(call: Promise<object>, ...members: string[]): Promise<unknown> {
  try {
    const answer: Record<string, unknown> = { ...(await call) };
    return members.length === 0 ? 'accepted' : Object.fromEntries(members.map((name) => [name, answer[name]]));
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode;
    throw error;
  }
}

const put = (s3: S3Client, Bucket: string, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function partOf(s3: S3Client, Bucket: string, target: string) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: target, Metadata: { of: 'a' } }));
  const part = { Bucket, Key: target, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }));
  return { Bucket, Key: target, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } };
}

const copy = (s3: S3Client, Bucket: string, more: object) =>
  s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: CopySource(Bucket), ...more }));

/** By what each says. */
const CLAIMS: Readonly<Record<string, Claim>> = {
  'PutObject If-None-Match: * writes once': async (s3, bucket) => [
    await outcome(put(s3, bucket, { IfNoneMatch: '*' }), 'ETag'),
    await outcome(put(s3, bucket, { IfNoneMatch: '*' })),
  ],
  'PutObject If-Match writes over that version only': async (s3, bucket) => {
    const { ETag } = await put(s3, bucket);
    return [await outcome(put(s3, bucket, { IfMatch: WRONG })), await outcome(put(s3, bucket, { IfMatch: ETag }))];
  },
  'PutObject If-Match needs an object': (s3, bucket) => outcome(put(s3, bucket, { IfMatch: WRONG })),
  'CopyObject copies the bytes of an ETag or none': async (s3, bucket) => {
    const { ETag } = await put(s3, bucket);
    return [
      await outcome(copy(s3, bucket, { CopySourceIfMatch: WRONG })),
      await outcome(copy(s3, bucket, { CopySourceIfMatch: ETag })),
    ];
  },
  'CopyObject If-None-Match: * writes once': async (s3, bucket) => {
    await put(s3, bucket);
    return [
      await outcome(copy(s3, bucket, { IfNoneMatch: '*' })),
      await outcome(copy(s3, bucket, { IfNoneMatch: '*' })),
    ];
  },
  'CopyObject If-Match writes over that version only': async (s3, bucket) => {
    await put(s3, bucket);
    await copy(s3, bucket, {});
    return await outcome(copy(s3, bucket, { IfMatch: WRONG }));
  },
  'CopyObject with REPLACE sets the metadata': async (s3, bucket) => {
    await put(s3, bucket, { Metadata: { of: 'source' } });
    await copy(s3, bucket, { MetadataDirective: 'REPLACE', Metadata: { revision: 'abc' } });
    return await outcome(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'copy' })), 'Metadata', 'ETag');
  },
  'CopyObject names the version that it read': async (s3, bucket) => {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    const { VersionId } = await put(s3, bucket);
    await put(s3, bucket, { Body: 'newer' });
    const source = `${CopySource(bucket)}?versionId=${VersionId}`;
    const answer = await copy(s3, bucket, { CopySource: source });
    return answer.CopySourceVersionId === VersionId;
  },
  'CompleteMultipartUpload If-None-Match: * writes once': async (s3, bucket) => {
    const answers: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const complete = new CompleteMultipartUploadCommand({ ...(await partOf(s3, bucket, Key)), IfNoneMatch: '*' });
      answers.push(await outcome(s3.send(complete), 'ETag'));
    }
    return answers;
  },
  'CreateMultipartUpload sets the metadata': async (s3, bucket) => {
    await s3.send(new CompleteMultipartUploadCommand(await partOf(s3, bucket, Key)));
    return await outcome(s3.send(new HeadObjectCommand({ Bucket: bucket, Key })), 'Metadata');
  },
  'UploadPartCopy copies a range of an ETag or none': async (s3, bucket) => {
    const { ETag } = await put(s3, bucket);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'copy' }));
    const part = { Bucket: bucket, Key: 'copy', UploadId, PartNumber: 1, CopySource: CopySource(bucket) };
    const range = { ...part, CopySourceRange: 'bytes=0-4' };
    return [
      await outcome(s3.send(new UploadPartCopyCommand({ ...range, CopySourceIfMatch: WRONG }))),
      await outcome(s3.send(new UploadPartCopyCommand({ ...range, CopySourceIfMatch: ETag })), 'CopyPartResult').then(
        (found) => (found as { CopyPartResult?: { ETag?: string } }).CopyPartResult?.ETag ?? found,
      ),
    ];
  },
  'GetObject If-Match reads that version only': async (s3, bucket) => {
    await put(s3, bucket);
    return await outcome(s3.send(new GetObjectCommand({ Bucket: bucket, Key, IfMatch: WRONG })));
  },
  'HeadObject of a missing object is 404': (s3, bucket) =>
    outcome(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'missing' }))),
  'HeadObject returns the checksum of an upload': async (s3, bucket) => {
    await put(s3, bucket, { ChecksumAlgorithm: 'CRC64NVME' });
    const head = new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' });
    return await outcome(s3.send(head), 'ChecksumCRC64NVME', 'ChecksumType');
  },
  'a listing dates an object as HeadObject does': async (s3, bucket) => {
    await put(s3, bucket);
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents[0]?.LastModified?.getTime() === LastModified?.getTime();
  },
  'ListObjectsV2 goes by the bytes of the keys, in pages': async (s3, bucket) => {
    const keys = ['b', 'a/2', 'a/10', 'a.b', 'A', 'é', 'a b+c%20', '𝄞', '～'];
    for (const each of keys) await s3.send(new PutObjectCommand({ Bucket: bucket, Key: each, Body }));
    const listed: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2, ContinuationToken }));
      listed.push(...(page.Contents ?? []).map((object) => object.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return listed;
  },
};

/** What each claim's calls answer, each in a bucket of its own. */
export async function answersTo(s3: S3Client): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const [index, [name, claim]] of Object.entries(CLAIMS).entries()) {
    const Bucket = `claim-${index}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    answers[name] = await claim(s3, Bucket);
  }
  return answers;
}
