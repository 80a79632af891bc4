import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Upload } from '@aws-sdk/lib-storage';
import type { InvokeClient } from './endpoint-client.ts';
import type { EndpointSnapshot } from './endpoint-watch.ts';

/** Size of the parts of an upload, in bytes: the least that S3 accepts. */
export const PART_BYTES = 5 * 1024 * 1024;

/** Time limit of an invocation, in milliseconds. */
const INVOCATION_TIMEOUT_MS = 10_000;

/** Bytes that an upload reads from its file at a time. */
const READ_BYTES = 1024 * 1024;

/** An uploaded object. */
export interface Uploaded {
  /** Without quotes. It ends with `-N` when the object was uploaded in N parts. */
  readonly etag: string;
  /** Of the whole object, as `<algorithm>:<base64>`. Absent: S3 keeps none, or one per part only. */
  readonly checksum?: string;
  /** In bytes. */
  readonly size: number;
}

/** The demo's calls, made with the AWS SDK. */
export interface DemoClients {
  /** Uploads a file, in parts if it is larger than PART_BYTES. */
  upload(path: string, bucket: string, key: string): Promise<Uploaded>;
  /** What is stored already. */
  objectAt(bucket: string, key: string): Promise<Uploaded>;
  describeEndpoint(endpointName: string): Promise<EndpointSnapshot>;
  /** Environment variables of the container of an endpoint config's only model. */
  environmentOf(endpointConfigName: string): Promise<Readonly<Record<string, string>>>;
  /** Never retries. */
  readonly invoke: InvokeClient;
  destroy(): void;
}

/** The unmodified SDK clients, with the local runtime as their endpoint. */
export function createClients(url: string): DemoClients {
  const config = {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sagemaker = new SageMakerClient(config);
  const invoke = new SageMakerRuntimeClient({
    ...config,
    maxAttempts: 1,
    requestHandler: { requestTimeout: INVOCATION_TIMEOUT_MS, throwOnRequestTimeout: true },
  });
  return {
    async upload(path, bucket, key) {
      const body = createReadStream(path, { highWaterMark: READ_BYTES });
      const upload = new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body: body }, partSize: PART_BYTES });
      const done = await upload.done();
      const { size } = await stat(path);
      return uploadedOf(done, size);
    },
    async objectAt(bucket, key) {
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }));
      return uploadedOf(head, head.ContentLength ?? 0);
    },
    describeEndpoint: (endpointName) => sagemaker.send(new DescribeEndpointCommand({ EndpointName: endpointName })),
    async environmentOf(EndpointConfigName) {
      const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName }));
      const { ModelName } = config.ProductionVariants?.[0] ?? {};
      const model = await sagemaker.send(new DescribeModelCommand({ ModelName }));
      return model.PrimaryContainer?.Environment ?? {};
    },
    invoke,
    destroy() {
      for (const client of [s3, sagemaker, invoke]) client.destroy();
    },
  };
}

/** How the members with a checksum begin, e.g. ChecksumCRC32. */
const CHECKSUM_MEMBER = /^Checksum(?!Type$)/;

function uploadedOf(described: { readonly ETag?: string; readonly ChecksumType?: string }, size: number): Uploaded {
  const { ETag = '', ChecksumType } = described;
  const [member, value] = Object.entries(described).find(([name]) => CHECKSUM_MEMBER.test(name)) ?? [];
  const algorithm = member?.replace(CHECKSUM_MEMBER, '').toLowerCase();
  return {
    etag: ETag.replaceAll('"', ''),
    size,
    ...(algorithm !== undefined && ChecksumType === 'FULL_OBJECT' && { checksum: `${algorithm}:${value}` }),
  };
}
