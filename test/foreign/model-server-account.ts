import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { create } from 'tar';
import { clientConfig } from './clients.ts';
import { environmentOf } from './tools.ts';

const run = promisify(execFile);
const PYTHON_BIN = join(environmentOf('model-servers'), 'bin');
/** A role of another account can read everything. */
const ROLE = 'arn:aws:iam::111111111111:role/Models';
const INTERVAL_MS = 100;

export const BUCKET = 'models';

/** What an endpoint is asked. */
export interface Question {
  readonly contentType: string;
  readonly body: string | Buffer;
  /** @default the header is not sent */
  readonly accept?: string;
}

/** Trained models: the content of each archive in a folder of its name, and what the libraries predict. */
export interface Trained {
  readonly folder: string;
  readonly expected: Readonly<Record<string, number[] | number[][]>>;
  /** The rows that are predicted, as numpy writes them. */
  readonly asked: Buffer;
}

/** A local runtime whose `python3` has the packages of AWS's containers. */
export class ModelServerAccount {
  readonly runtime: LocalRuntime;
  readonly folder: string;
  /** Lines that the models have printed. */
  readonly lines: string[];
  readonly #s3: S3Client;
  readonly #sagemaker: SageMakerClient;
  readonly #invoke: SageMakerRuntimeClient;

  private constructor(runtime: LocalRuntime, folder: string, lines: string[]) {
    const config = clientConfig(runtime.url);
    this.runtime = runtime;
    this.folder = folder;
    this.lines = lines;
    this.#s3 = new S3Client({ ...config, forcePathStyle: true });
    this.#sagemaker = new SageMakerClient(config);
    this.#invoke = new SageMakerRuntimeClient({ ...config, maxAttempts: 1 });
  }

  static async open(): Promise<ModelServerAccount> {
    process.env.PATH = [PYTHON_BIN, process.env.PATH].join(delimiter);
    const folder = await mkdtemp(join(tmpdir(), 'freshpoint-foreign-'));
    const lines: string[] = [];
    const entryPoint = join(import.meta.dirname, 'model-servers', 'toolkit-container.py');
    const runtime = await startLocalRuntime({
      stateDir: join(folder, 'state'),
      containers: [{ image: '*/toolkit:*', command: [join(PYTHON_BIN, 'python'), entryPoint] }],
      onModelLog: ({ line }) => lines.push(line),
    });
    const account = new ModelServerAccount(runtime, folder, lines);
    await account.#s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return account;
  }

  async train(seed: number): Promise<Trained> {
    const folder = join(this.folder, `trained-${seed}`);
    const program = join(import.meta.dirname, 'model-servers', 'train.py');
    const { stdout } = await run(join(PYTHON_BIN, 'python'), ['-B', program, folder, String(seed)]);
    return { folder, expected: JSON.parse(stdout), asked: await readFile(join(folder, 'asked.npy')) };
  }

  /** Uploads an archive of the folder as `<Key>`. */
  async upload(folder: string, Key: string): Promise<void> {
    const file = join(this.folder, 'model.tar.gz');
    await create({ file, cwd: folder, gzip: true, portable: true }, ['.']);
    await this.#s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: await readFile(file) }));
  }

  /** An endpoint of one instance with the model of that name. Resolves with its status when it has settled. */
  async serve(name: string, Image: string, Environment: Record<string, string>): Promise<string | undefined> {
    const PrimaryContainer = { Image, Environment, ModelDataUrl: `s3://${BUCKET}/${name}.tar.gz` };
    const ProductionVariants = [
      { VariantName: 'All', ModelName: name, InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 },
    ];
    await this.#sagemaker.send(new CreateModelCommand({ ModelName: name, ExecutionRoleArn: ROLE, PrimaryContainer }));
    await this.#sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants }));
    await this.#sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
    for (;;) {
      const { EndpointStatus } = await this.#sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
      if (EndpointStatus !== 'Creating') return EndpointStatus;
      await pause(INTERVAL_MS);
    }
  }

  /** The answer and its type; or, as the type, the status that the container answered with. */
  async ask(EndpointName: string, { contentType, body, accept }: Question): Promise<[Buffer, string | undefined]> {
    const input = { EndpointName, ContentType: contentType, Body: body, ...(accept && { Accept: accept }) };
    try {
      const { Body, ContentType } = await this.#invoke.send(new InvokeEndpointCommand(input));
      return [Buffer.from(Body), ContentType];
    } catch (error) {
      const { OriginalStatusCode, OriginalMessage } = error as Record<string, unknown>;
      if (OriginalStatusCode === undefined) throw error;
      return [Buffer.from(String(OriginalMessage)), String(OriginalStatusCode)];
    }
  }

  async close(): Promise<void> {
    await this.runtime.stop();
    for (const client of [this.#s3, this.#sagemaker, this.#invoke]) client.destroy();
    await rm(this.folder, { recursive: true, force: true });
  }
}
