import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Upload } from '@aws-sdk/lib-storage';
import type { InvokeClient } from './endpoint-client.ts';
import type { EndpointView } from './endpoint-watch.ts';

/** Size of the parts of an upload, in bytes: the least that S3 allows. */
export const PART_SIZE = 5 * 1024 * 1024;

/** An uploaded object. */
export interface Uploaded {
  /** Without quotes; `…-N` when it came in N parts. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/** What the demo does with AWS's own SDK. */
export interface DemoClients {
  /** Uploads a file; in parts when it is larger than PART_SIZE. */
  upload(path: string, bucket: string, key: string): Promise<Uploaded>;
  describeEndpoint(endpointName: string): Promise<EndpointView>;
  /** Of the container of the only model that an endpoint config names. */
  environmentOf(endpointConfigName: string): Promise<Readonly<Record<string, string>>>;
  /** Never retries. */
  readonly invoke: InvokeClient;
  destroy(): void;
}

/** The unmodified SDK clients, pointed at the local runtime. */
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
    requestHandler: { requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
  return {
    async upload(path, bucket, key) {
      const body = createReadStream(path, { highWaterMark: 1024 * 1024 });
      const upload = new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body: body }, partSize: PART_SIZE });
      const { ETag } = await upload.done();
      const { size } = await stat(path);
      return { etag: (ETag ?? '').replaceAll('"', ''), size };
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
