import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { MODEL_KEY, PROBE_FOLDER } from '../places.ts';
import { pause, waitFor } from '../wait-for.ts';
import {
  judgeApproval,
  judgeConditionalCopies,
  judgeMissingGroup,
  judgePartCopies,
  type PartCopies,
} from './judge-calls.ts';
import type { AskedProbe, ProbeContext } from './probe.ts';
import { endOf } from './refused-call.ts';

/** Parts that are copied at once, as the controller copies them. */
const PARTS = 16;
/** S3 takes parts of 5 MiB and more. */
const FIRST_PART_BYTES = 5 * 1024 ** 2;
const OTHER_ETAG = '"00000000000000000000000000000000"';

/** Probes of S3 and of the Model Registry. */
export const SERVICE_PROBES: readonly AskedProbe[] = [
  {
    id: 'missing-package-group',
    lane: 'services',
    async ask({ session, names }) {
      const list = new ListModelPackagesCommand({ ModelPackageGroupName: names.missingGroup });
      return judgeMissingGroup(await endOf(session.clients.sagemaker.send(list)));
    },
  },
  { id: 'package-approval-time', lane: 'services', ask: approvalTime },
  { id: 'conditional-copies', lane: 'services', ask: conditionalCopies },
  { id: 'parallel-part-copies', lane: 'services', ask: async (context) => judgePartCopies(await partCopies(context)) },
];

async function approvalTime({ session, names, stack, image, instanceType, signal }: ProbeContext) {
  const { sagemaker } = session.clients;
  const { ModelPackageArn } = await sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: names.packageGroup,
      ModelApprovalStatus: 'PendingManualApproval',
      InferenceSpecification: {
        Containers: [{ Image: image, ModelDataUrl: `s3://${stack.modelsBucket}/${MODEL_KEY}` }],
        SupportedContentTypes: ['application/json'],
        SupportedResponseMIMETypes: ['application/json'],
        SupportedRealtimeInferenceInstanceTypes: [instanceType],
      },
    }),
  );
  const describe = () => sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: ModelPackageArn }));
  const before = await waitFor({ ...session.pace, signal }, 'the package is completed', async () => {
    const described = await describe();
    return described.ModelPackageStatus === 'Completed' ? described : undefined;
  });
  await pause(session.pace.apartMs, signal);
  await sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: 'Approved' }));
  const after = await describe();
  const createdMs = before.CreationTime?.getTime() ?? 0;
  return judgeApproval(createdMs, before.LastModifiedTime?.getTime(), after.LastModifiedTime?.getTime());
}

async function conditionalCopies({ session, stack: { modelsBucket: Bucket } }: ProbeContext) {
  const { s3 } = session.clients;
  const source = `${PROBE_FOLDER}source`;
  const Key = `${PROBE_FOLDER}destination`;
  await s3.send(new PutObjectCommand({ Bucket, Key: source, Body: 'source' }));
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'destination' }));
  const copy = (condition: { IfMatch?: string; IfNoneMatch?: string }) =>
    endOf(s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${source}`, ...condition })));
  const ifOther = await copy({ IfMatch: OTHER_ETAG });
  const ifNone = await copy({ IfNoneMatch: '*' });
  return judgeConditionalCopies({ ifOther, ifNone, ifSame: await copy({ IfMatch: ETag }) });
}

/** Copies one object 16 times at once. The object is made from 5 MiB within S3: little is sent. */
async function partCopies(context: ProbeContext): Promise<PartCopies> {
  const { session, stack } = context;
  const { s3 } = session.clients;
  const Bucket = stack.modelsBucket;
  const source = await objectOf(context, session.pace.partBytes);
  const Key = `${PROBE_FOLDER}copied`;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const begin = performance.now();
  const part = { Bucket, Key, UploadId, CopySource: `${Bucket}/${source.key}` };
  const copies = Array.from({ length: PARTS }, (_, index) =>
    endOf(s3.send(new UploadPartCopyCommand({ ...part, PartNumber: index + 1 }))),
  );
  const ends = await Promise.all(copies);
  const seconds = (performance.now() - begin) / 1000;
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  return { parts: PARTS, partBytes: source.bytes, seconds, ends };
}

/** Makes an object of at least that size. */
async function objectOf({ session, stack }: ProbeContext, leastBytes: number): Promise<{ key: string; bytes: number }> {
  const { s3 } = session.clients;
  const Bucket = stack.modelsBucket;
  const small = { Bucket, Key: `${PROBE_FOLDER}small` };
  await s3.send(new PutObjectCommand({ ...small, Body: Buffer.alloc(FIRST_PART_BYTES, 'x') }));
  const count = Math.ceil(leastBytes / FIRST_PART_BYTES);
  const large = { Bucket, Key: `${PROBE_FOLDER}large` };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(large));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (let PartNumber = 1; PartNumber <= count; PartNumber++) {
    const CopySource = `${Bucket}/${small.Key}`;
    const { CopyPartResult } = await s3.send(new UploadPartCopyCommand({ ...large, UploadId, PartNumber, CopySource }));
    Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...large, UploadId, MultipartUpload: { Parts } }));
  return { key: large.Key, bytes: count * FIRST_PART_BYTES };
}
