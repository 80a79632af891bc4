import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  SageMakerClient,
  waitUntilEndpointInService,
} from '@aws-sdk/client-sagemaker';
import { create } from 'tar';
import { cacheFolder } from '../support/cache.ts';

/** The smallest model that predicts: what is measured is the way to it. */
const INFERENCE = `
export const model_fn = () => ({ weights: [0.3, -0.2, 0.9, 0.7] });
export const predict_fn = (rows, { weights }) =>
  rows.map((row) => row.reduce((sum, value, i) => sum + value * weights[i], 0));
`;

/** The file with it. */
const PROGRAM = 'inference.mjs';

/** Name of the endpoint. */
export const ENDPOINT = 'bench';

/** A folder as an instance gets it at /opt/ml/model. */
export function modelFolder(): string {
  const folder = cacheFolder('model');
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code', PROGRAM), INFERENCE);
  return folder;
}

/** Makes an endpoint with one instance of the model. Resolves when it is in service. */
export async function createEndpoint(url: string, folder: string): Promise<void> {
  const access = {
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  };
  const s3 = new S3Client({ ...access, forcePathStyle: true });
  const sagemaker = new SageMakerClient(access);
  const archive = join(cacheFolder('archive'), 'model.tar.gz');
  await create({ file: archive, cwd: folder, gzip: true }, ['code']);
  await s3.send(new CreateBucketCommand({ Bucket: ENDPOINT }));
  await s3.send(new PutObjectCommand({ Bucket: ENDPOINT, Key: 'model.tar.gz', Body: readFileSync(archive) }));
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: ENDPOINT,
      ExecutionRoleArn: 'arn:aws:iam::111111111111:role/bench',
      PrimaryContainer: { Image: 'bench:1', ModelDataUrl: `s3://${ENDPOINT}/model.tar.gz` },
    }),
  );
  const variant = {
    VariantName: 'v',
    ModelName: ENDPOINT,
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 1,
  } as const;
  await sagemaker.send(
    new CreateEndpointConfigCommand({ EndpointConfigName: ENDPOINT, ProductionVariants: [variant] }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: ENDPOINT }));
  await waitUntilEndpointInService(
    { client: sagemaker, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { EndpointName: ENDPOINT },
  );
}

/** What starts processes in the local runtime. */
interface Processes {
  createProcessHost(): {
    spawn(spec: {
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly onLine: (line: string) => void;
    }): { readonly exited: Promise<unknown> };
    close(): Promise<void>;
  };
}

/** The program that an instance runs, started as the runtime starts it, without the runtime around it. */
export async function startModelProcess(compiled: string, folder: string) {
  const { createProcessHost } = (await import(join(compiled, 'processes/index.js'))) as Processes;
  const host = createProcessHost();
  const port = await new Promise<string>((resolve, reject) => {
    const { exited } = host.spawn({
      command: process.execPath,
      args: [join(compiled, 'model-hosts/js-host.js')],
      env: { SM_MODEL_DIR: folder, SAGEMAKER_PROGRAM: PROGRAM },
      onLine(line) {
        const found = /port=(\d+)$/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      },
    });
    void exited.then(() => reject(new Error('The model host ended before it listened.')));
  });
  const url = `http://127.0.0.1:${port}`;
  while ((await fetch(`${url}/ping`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  return { url, stop: () => host.close() };
}
