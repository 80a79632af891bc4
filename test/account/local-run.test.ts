import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageGroupCommand,
  DescribeEndpointCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelPackageGroupsCommand,
  ListModelsCommand,
} from '@aws-sdk/client-sagemaker';
import { until } from '@freshpoint/e2e/until';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deleteRun } from './delete-run.ts';
import { exitCodeOf } from './exit.ts';
import { sessionOn } from './local-session.ts';
import { PROBES } from './probes/all-probes.ts';
import { runAll } from './run.ts';
import { runNames } from './run-names.ts';
import type { Session } from './session.ts';
import { sklearnImage } from './sklearn-image.ts';

const NAMES = runNames('0a1b2c3d');
/** As another run's: longer by a digit. */
const STRANGER = 'freshpoint-e2e-0a1b2c3de-models';
const NEVER = new AbortController().signal;

let folder: string;
let runtime: LocalRuntime;
let session: Session;
let printed: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-account-test-'));
  runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
  session = await sessionOn({
    AWS_ENDPOINT_URL: runtime.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  printed = [];
  await session.clients.s3.send(new CreateBucketCommand({ Bucket: STRANGER }));
  await session.clients.logs.send(new CreateLogGroupCommand({ logGroupName: STRANGER }));
});
afterEach(async () => {
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A whole run. */
function run(signal: AbortSignal, abandon = NEVER) {
  const image = sklearnImage('us-east-1') ?? '';
  const print = (line: string) => void printed.push(line);
  return runAll({ session, names: NAMES, image, instanceType: 'ml.m5.large', signal, print }, { abandon });
}

/** Names of everything in the account that can cost money or bears a run's name. */
async function leftInAccount(): Promise<string[]> {
  const { s3, sagemaker, logs, cloudformation } = session.clients;
  const [buckets, endpoints, configs, models, groups, logGroups, stacks] = await Promise.all([
    s3.send(new ListBucketsCommand({})),
    sagemaker.send(new ListEndpointsCommand({})),
    sagemaker.send(new ListEndpointConfigsCommand({})),
    sagemaker.send(new ListModelsCommand({})),
    sagemaker.send(new ListModelPackageGroupsCommand({})),
    logs.send(new DescribeLogGroupsCommand({})),
    cloudformation.send(new DescribeStacksCommand({})),
  ]);
  const names = [
    buckets.Buckets?.map(({ Name }) => Name),
    endpoints.Endpoints?.map(({ EndpointName }) => EndpointName),
    configs.EndpointConfigs?.map(({ EndpointConfigName }) => EndpointConfigName),
    models.Models?.map(({ ModelName }) => ModelName),
    groups.ModelPackageGroupSummaryList?.map(({ ModelPackageGroupName }) => ModelPackageGroupName),
    logGroups.logGroups?.map(({ logGroupName }) => logGroupName),
    stacks.Stacks?.map(({ StackName }) => StackName),
  ];
  return names.flat().map(String).sort();
}

async function hasStack(StackName: string, status: string): Promise<boolean> {
  const { Stacks = [] } = await session.clients.cloudformation.send(new DescribeStacksCommand({ StackName }));
  return Stacks[0]?.StackStatus === status;
}

async function statusOf(EndpointName: string): Promise<string | undefined> {
  const { EndpointStatus } = await session.clients.sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
  return EndpointStatus;
}

/** What was there before: the bootstrapped account, and what is not the run's. */
const BEFORE = ['CDKToolkit', 'cdk-hnb659fds-assets-000000000000-us-east-1', STRANGER, STRANGER].sort();

describe('a run on the local runtime', () => {
  test('serves v1 and v2, keeps the capacity, answers what is simulated, and leaves nothing', async () => {
    const end = await run(NEVER);
    expect(end.error).toBeUndefined();
    expect(end.checks.map(({ expected, passed }) => `${passed}: ${expected}`)).toEqual([
      'true: the deployment serves its first model',
      'true: the first upload is served',
      'true: the next upload is served',
      'true: no invocation fails during the refresh',
      'true: v1 answers until v2 does',
      'true: the refresh keeps 2 instances',
    ]);
    expect(end.left).toEqual([]);
    expect(await leftInAccount()).toEqual(BEFORE);
    expect(exitCodeOf(end, NEVER)).toBe(0);

    const idsOf = (kind: string) => PROBES.map(({ id }) => id).filter((id) => end.outcomes.get(id)?.kind === kind);
    expect(idsOf('answer')).toHaveLength(18);
    expect(idsOf('not simulated')).toEqual([]);
    expect(idsOf('not asked')).toHaveLength(2);
    const verdicts = PROBES.flatMap(({ id }) => {
      const outcome = end.outcomes.get(id);
      return outcome?.kind === 'answer' ? [[id, outcome.answer.verdict]] : [];
    });
    // What the runtime simulates. It extracts symbolic links: of AWS that is a report. It neither has grants of keys,
    // nor evaluates rollback alarms.
    expect(Object.fromEntries(verdicts)).toEqual({
      'last-modified-moments': 'holds',
      'public-access-block': 'holds',
      'requeue-delay': 'holds',
      'container-timeout': 'holds',
      'config-in-use': 'holds',
      'unusual-archives': 'holds',
      'symbolic-links': 'differs',
      'cleared-reason': 'holds',
      'rollback-to-config-in-use': 'holds',
      'rollback-order': 'answered',
      'missing-package-group': 'answered',
      'package-approval-time': 'holds',
      'conditional-copies': 'holds',
      'parallel-part-copies': 'answered',
      'package-list-arn': 'answered',
      'kms-denial': 'holds',
      'create-grant': 'differs',
      'describe-alarms': 'answered',
    });
  });

  test.each([
    ['the deployment', () => hasStack(NAMES.stack, 'CREATE_IN_PROGRESS')],
    ['a refresh', async () => printed.includes('Upload v1') && (await statusOf(NAMES.endpoint)) === 'Updating'],
    ['the updates of the probes', () => hasStack(NAMES.rollbackStack, 'UPDATE_IN_PROGRESS')],
  ])('that is interrupted during %s deletes everything, too', async (when, hasBegun) => {
    const interrupt = new AbortController();
    const running = run(interrupt.signal);
    await until(`${when} has begun`, hasBegun);
    interrupt.abort(new Error('It was interrupted.'));
    const end = await running;
    expect(end.error?.message).toBe('It was interrupted.');
    expect(end.left).toEqual([]);
    expect(await leftInAccount()).toEqual(BEFORE);
    expect(exitCodeOf(end, interrupt.signal)).toBe(130);
  });

  test('that is killed during its deletion leaves what a later one finds and deletes', async () => {
    const killed = new AbortController();
    const running = run(killed.signal, killed.signal);
    await until('a refresh has begun', async () => (await statusOf(NAMES.endpoint)) === 'Updating');
    killed.abort(new Error('It was killed.'));
    const end = await running;
    expect(end.left).toContain('the stacks: It was killed.');
    expect(exitCodeOf(end, killed.signal)).toBe(4);
    expect(await leftInAccount()).toContain(NAMES.stack);

    const { clients, pace } = session;
    expect(await deleteRun({ clients, pace, names: NAMES, signal: NEVER, print: () => undefined })).toEqual([]);
    expect(await leftInAccount()).toEqual(BEFORE);
  });

  test('whose deployment fails says why, and deletes everything but what it did not make', async () => {
    const group = new CreateModelPackageGroupCommand({ ModelPackageGroupName: NAMES.packageGroup });
    await session.clients.sagemaker.send(group);
    // AWS makes these when functions and models write to them.
    for (const logGroupName of [`/aws/sagemaker/Endpoints/${NAMES.endpoint}`, `/aws/lambda/${NAMES.stack}-Handler-1`]) {
      await session.clients.logs.send(new CreateLogGroupCommand({ logGroupName }));
    }
    const end = await run(NEVER);
    expect(end.error?.message).toMatch(/^cdk deploy freshpoint-e2e-0a1b2c3d ended with 1:\n.*already exist/s);
    expect(end.left).toEqual([]);
    expect(await leftInAccount()).toEqual([...BEFORE, NAMES.packageGroup].sort());
    expect(exitCodeOf(end, NEVER)).toBe(1);
  });
});
