import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { type RawEntry, tarGz } from '@freshpoint/test-support/tar-builder';
import { defaultAccount } from '#simulator/core/account';
import { Cloud, type Deps, root } from '#simulator/core/cloud';
import { stoppableClock } from '#simulator/core/stoppable-clock';
import { createS3, MemoryBlobs } from '#simulator/s3/index';
import { createSageMaker, fastTimes, type Times } from '#simulator/sagemaker/index';
import { startGateway } from '../../src/gateway/gateway.ts';
import {
  createProcessLauncher,
  type InstanceFailure,
  type ModelLog,
  type ProcessLauncherExtras,
} from '../../src/model-hosts/index.ts';
import { createProcessHost, type ProcessHost } from '../../src/processes/index.ts';
import { systemClock, systemIds } from '../../src/system.ts';

const quick: Times = {
  ...fastTimes,
  launchMs: 10,
  trafficShiftMs: 10,
  terminationMs: 10,
  rollbackMs: 10,
  deletionMs: 10,
  scalingMs: 10,
  replacementMs: 20,
  startPingIntervalMs: 20,
  pingIntervalMs: 100,
};

/** A process host that counts its running children. */
function countedProcesses() {
  const host = createProcessHost();
  const counted = {
    running: 0,
    spawn(spec: Parameters<ProcessHost['spawn']>[0]) {
      const child = host.spawn(spec);
      counted.running += 1;
      void child.exited.then(() => {
        counted.running -= 1;
      });
      return child;
    },
    close: () => host.close(),
  };
  return counted;
}

/** SageMaker with real model processes over an S3 in memory, its runtime behind HTTP, and the SDK's client to it. */
export async function createStage(
  options: Pick<ProcessLauncherExtras, 'containers'> & { times?: Partial<Times> } = {},
) {
  const stateDir = await mkdtemp(join(tmpdir(), 'instances-'));
  const cloud = new Cloud();
  const deps: Deps = { account: defaultAccount, clock: systemClock, ids: systemIds, cloud };
  const me = root(defaultAccount);
  const s3 = createS3(deps, { blobs: new MemoryBlobs(), emit: () => undefined });
  cloud.register(s3.service);
  const processes = countedProcesses();
  const times = { ...quick, ...options.times };
  const logs: ModelLog[] = [];
  const failures: InstanceFailure[] = [];
  const launcher = createProcessLauncher(deps, {
    stateDir,
    processes,
    times,
    onLog: (log) => logs.push(log),
    onFailure: (failure) => failures.push(failure),
    ...(options.containers && { containers: options.containers }),
  });
  const changed = new Set<() => void>();
  const clock = stoppableClock(systemClock);
  const sagemaker = createSageMaker(
    { ...deps, clock },
    {
      launcher,
      times,
      callerForRole: () => me,
      emit: () => {
        for (const check of [...changed]) check();
      },
    },
  );
  cloud.register(sagemaker.service);
  const gateway = await startGateway({
    port: 0,
    cloud,
    clock: systemClock,
    iam: { callerOf: () => me },
    ids: systemIds,
  });
  const { url } = gateway;
  const client = new SageMakerRuntimeClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'k', secretAccessKey: 's' },
    // A failed request must be seen, not tried again.
    maxAttempts: 1,
  });

  const stop = async () => {
    clock.stop();
    await sagemaker.stop();
  };

  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  const call = (service: string, operation: string, input: object): Promise<any> =>
    cloud.call(service, operation, input, me);
  await call('s3', 'CreateBucket', { Bucket: 'models' });

  const describe = () => call('sagemaker', 'DescribeEndpoint', { EndpointName: 'iris' });
  return {
    url,
    client,
    call,
    describe,
    logs,
    failures,
    stateDir,
    processes,
    put: (Key: string, Body: Buffer | string) => call('s3', 'PutObject', { Bucket: 'models', Key, Body }),
    /** A model with the container, configs A and B. */
    async declare(model: object = {}, variant: object = {}) {
      await call('sagemaker', 'CreateModel', {
        ModelName: 'm',
        ExecutionRoleArn: 'arn:aws:iam::000000000000:role/model',
        ...(Object.hasOwn(model, 'Containers')
          ? model
          : { PrimaryContainer: { Image: 'image', ModelDataUrl: 's3://models/model.tar.gz', ...model } }),
      });
      for (const EndpointConfigName of ['A', 'B']) {
        const ProductionVariants = [
          {
            VariantName: 'AllTraffic',
            ModelName: 'm',
            InstanceType: 'ml.m5.large',
            InitialInstanceCount: 2,
            ...variant,
          },
        ];
        await call('sagemaker', 'CreateEndpointConfig', { EndpointConfigName, ProductionVariants });
      }
    },
    create: () => call('sagemaker', 'CreateEndpoint', { EndpointName: 'iris', EndpointConfigName: 'A' }),
    update: (EndpointConfigName: string) =>
      call('sagemaker', 'UpdateEndpoint', { EndpointName: 'iris', EndpointConfigName }),
    /** Resolves with the description at the first of these statuses. */
    async settled(...statuses: string[]) {
      for (;;) {
        const told = new Promise<void>((resolve) => {
          const check = () => {
            changed.delete(check);
            resolve();
          };
          changed.add(check);
        });
        const described = await describe();
        if (statuses.includes(described.EndpointStatus)) return described;
        await told;
      }
    },
    instanceFolders: async () =>
      existsSync(join(stateDir, 'instances')) ? await readdir(join(stateDir, 'instances')) : [],
    stop,
    async close() {
      await stop();
      await processes.close();
      client.destroy();
      await gateway.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Resolves once `condition` holds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** An archive whose JavaScript answers `{version, input}`. */
export const jsModel = (version: string, ...more: RawEntry[]) =>
  tarGz(
    { path: 'version.json', body: JSON.stringify(version) },
    {
      path: 'code/inference.js',
      body: `
        const { readFile } = require('node:fs/promises');
        exports.model_fn = async (dir) => JSON.parse(await readFile(dir + '/version.json', 'utf8'));
        exports.predict_fn = async (input, version) => {
          if (input.ms) await new Promise((resolve) => setTimeout(resolve, input.ms));
          if (input.fail) throw new Error(input.fail);
          if (input.exit) process.exit(3);
          return { version, input };
        };`,
    },
    ...more,
  );
