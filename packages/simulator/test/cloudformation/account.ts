import { createCloudFormation } from '../../src/cloudformation/index.ts';
import { defaultAccount } from '../../src/core/account.ts';
import { Cloud, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createEvents } from '../../src/events/events.ts';
import { createIam } from '../../src/iam/iam.ts';
import { createKms } from '../../src/kms/kms.ts';
import { createLambda } from '../../src/lambda/index.ts';
import { createLogs } from '../../src/logs/logs.ts';
import { createS3, MemoryBlobs } from '../../src/s3/index.ts';
import { createSageMaker, createVirtualLauncher, fastTimes, type Verdict } from '../../src/sagemaker/index.ts';
import { createSqs } from '../../src/sqs/sqs.ts';
import { createSsm } from '../../src/ssm/ssm.ts';
import { runUntilSettled } from './run-until-settled.ts';

/** All the services in memory, with virtual time; functions answer custom resource requests with success. */
export function createAccount() {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const deps = { account: defaultAccount, clock, ids: seededIds(7), cloud };
  const iam = createIam(deps);
  const kms = createKms(deps, { iam });
  const s3 = createS3(deps, { blobs: new MemoryBlobs(), emit: () => undefined });
  const verdicts: { judge: () => Verdict } = { judge: () => ({ healthyAfterMs: 100 }) };
  const callerForRole = (roleArn: string) => iam.callerFor(roleArn, 'session');
  const launcher = createVirtualLauncher(deps, { callerForRole, judge: () => verdicts.judge() });
  const sagemaker = createSageMaker(deps, { launcher, times: fastTimes, callerForRole });
  const codePaths: string[] = [];
  const settle = new Map<string, (response: { Status: 'SUCCESS' }) => void>();
  const lambda = createLambda(deps, {
    code: {
      async store(_name, source) {
        codePaths.push(source.kind === 'path' ? source.path : source.kind);
        return { path: source.kind, sha256: '', size: 0 };
      },
      release: async () => undefined,
    },
    runner: {
      runtimes: ['nodejs22.x', 'nodejs24.x'],
      create: () => ({
        init: async () => undefined,
        async invoke(payload) {
          settle.get(JSON.parse(Buffer.from(payload).toString()).ResponseURL)?.({ Status: 'SUCCESS' });
          return { payload: Buffer.from('null') };
        },
        stop: async () => undefined,
      }),
    },
    canAssumeRole: (roleArn) => iam.canAssume(roleArn, 'lambda.amazonaws.com'),
  });
  const cfn = createCloudFormation(deps, {
    customResponses: {
      create() {
        const url = `response:${settle.size}`;
        const response = new Promise<{ Status: 'SUCCESS' }>((resolve) => settle.set(url, resolve));
        return { url, response, close: () => undefined };
      },
    },
  });
  const sqs = createSqs(deps, { iam });
  const events = createEvents(deps);
  const services = [s3, sqs, createSsm(deps), iam, kms, events, createLogs(deps), lambda, sagemaker, cfn];
  for (const { service } of services) cloud.register(service);

  return {
    clock,
    cfn,
    sagemaker,
    verdicts,
    /** The sources of functions' code: a folder's path, or `inline`. */
    codePaths,
    /** Calls a service as the account's root. */
    // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
    call: (service: string, operation: string, input: object = {}): Promise<any> =>
      cloud.call(service, operation, input, root(defaultAccount)),
    /** Moves the clock until the promise settles. */
    run: <T>(promise: Promise<T>) => runUntilSettled(clock, promise),
  };
}
