import { defaultAccount } from '../../src/core/account.ts';
import { AwsError } from '../../src/core/aws-error.ts';
import { type Caller, Cloud, type Deps, type Permission, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { stoppableClock } from '../../src/core/stoppable-clock.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import {
  createSageMaker,
  type EndpointStateChange,
  type InstanceLauncher,
  type ModelPackageStateChange,
  NotSent,
  realisticTimes,
  type Times,
} from '../../src/sagemaker/index.ts';
import type { InvocationRequest, InvocationResponse } from '../../src/sagemaker/launcher.ts';
import { createVirtualLauncher, type LaunchVerdict, type LoadedData } from './virtual-launcher.ts';

export const roleArn = 'arn:aws:iam::000000000000:role/model';

/** The behaviour of virtual instances, which a test can change at any time. */
interface Behaviour {
  judge: (data: readonly LoadedData[]) => LaunchVerdict;
  invocationMs: number;
  /** Responds in place of the instance. */
  respond?: (request: InvocationRequest) => Promise<InvocationResponse>;
}

/** SageMaker with virtual instances over an S3 that knows ETags only. */
export function createWorld(changes: Partial<Times> = {}) {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const deps: Deps = { account: defaultAccount, clock, ids: seededIds(7), cloud };
  const objects = new Map<string, string>([['s3://data/model.tar.gz', 'v1']]);
  const denied = new Set<string>();
  const asked: Permission[] = [];
  cloud.authorizeWith((_caller, permission) => {
    asked.push(permission);
  });
  cloud.register({
    name: 's3',
    operations: {
      HeadObject: {
        run({ Bucket, Key }: { Bucket: string; Key: string }, caller: Caller) {
          const uri = `s3://${Bucket}/${Key}`;
          if (denied.has(uri) && caller.roleArn !== undefined) throw new AwsError('AccessDenied', 'Access Denied', 403);
          const ETag = objects.get(uri);
          if (ETag === undefined) throw new AwsError('NotFound', 'NotFound', 404);
          return { ETag };
        },
      },
      ListObjectsV2: {
        run({ Bucket, Prefix }: { Bucket: string; Prefix: string }) {
          const found = [...objects].filter(([uri]) => uri.startsWith(`s3://${Bucket}/${Prefix}`));
          return { Contents: found.map(([uri, ETag]) => ({ Key: uri.slice(`s3://${Bucket}/`.length), ETag })) };
        },
      },
    },
  });
  const behaviour: Behaviour = { judge: () => ({ healthyAfterMs: 1000 }), invocationMs: 0 };
  const times: Times = { ...realisticTimes, ...changes };
  const callerForRole = (arn: string): Caller => ({ arn, roleArn: arn });
  const launcher = createVirtualLauncher(deps, {
    judge: (data) => behaviour.judge(data),
    get invocationMs() {
      return behaviour.invocationMs;
    },
  });
  /** Instances that no request reaches. */
  const unreachable = new Set<string>();
  const flaky: InstanceLauncher = {
    start(spec) {
      const instance = launcher.start(spec);
      return {
        ready: instance.ready,
        lost: instance.lost,
        get inFlight() {
          return instance.inFlight;
        },
        async invoke(request) {
          if (unreachable.has(spec.instanceId)) throw new NotSent('refused');
          return await (behaviour.respond ? behaviour.respond(request) : instance.invoke(request));
        },
        stop: (graceMs) => instance.stop(graceMs),
      };
    },
  };
  const events: EndpointStateChange[] = [];
  const packageEvents: ModelPackageStateChange[] = [];
  const own = stoppableClock(clock);
  const sagemaker = createSageMaker(
    { ...deps, clock: own },
    {
      launcher: flaky,
      times,
      callerForRole,
      emit: (event) =>
        event['detail-type'] === 'SageMaker Endpoint State Change' ? events.push(event) : packageEvents.push(event),
    },
  );
  cloud.register(sagemaker.service);

  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  const call = (operation: string, input: object = {}): Promise<any> =>
    cloud.call('sagemaker', operation, input, root(defaultAccount));

  const model = (name: string, more: object = {}) =>
    call('CreateModel', {
      ModelName: name,
      ExecutionRoleArn: roleArn,
      PrimaryContainer: { Image: 'image', ModelDataUrl: 's3://data/model.tar.gz' },
      ...more,
    });
  const variant = (more: object = {}) => ({
    VariantName: 'AllTraffic',
    ModelName: 'm',
    InstanceType: 'ml.m5.large',
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
    ...more,
  });
  const config = (name: string, ...variants: object[]) =>
    call('CreateEndpointConfig', {
      EndpointConfigName: name,
      ProductionVariants: variants.length > 0 ? variants : [variant()],
    });
  const describe = (name = 'E') => call('DescribeEndpoint', { EndpointName: name });
  const until = async (status: string, name = 'E') => {
    for (let seconds = 0; seconds < 90_000; seconds += 5) {
      const described = await describe(name);
      if (described.EndpointStatus === status) return described;
      await clock.advance(5000);
    }
    throw new Error(`Never ${status}`);
  };
  /** Model m, configs A and B, endpoint E on A, InService. */
  const ready = async (...variants: object[]) => {
    await model('m');
    await config('A', ...variants);
    await config('B', ...variants);
    await call('CreateEndpoint', { EndpointName: 'E', EndpointConfigName: 'A' });
    return await until('InService');
  };
  const update = (more: object = {}) => call('UpdateEndpoint', { EndpointName: 'E', EndpointConfigName: 'B', ...more });
  const invoke = async (more: object = {}) => {
    const output = await call('InvokeEndpoint', { EndpointName: 'E', Body: '{}', ...more });
    const chunks: Uint8Array[] = [];
    for await (const chunk of output.Body) chunks.push(chunk);
    return { ...JSON.parse(Buffer.concat(chunks).toString()), variant: output.InvokedProductionVariant };
  };

  return {
    clock,
    deps,
    call,
    model,
    variant,
    config,
    describe,
    until,
    ready,
    update,
    invoke,
    objects,
    denied,
    asked,
    behaviour,
    unreachable,
    events,
    packageEvents,
    times,
    sagemaker,
    async stop() {
      own.stop();
      await sagemaker.stop();
    },
    running: launcher.running,
  };
}
