import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { irisApp } from '../../iris-app.ts';
import { NAMES } from '../../names.ts';
import { type LoopEntry, Stage } from './stage.ts';

const ENDPOINT = 'Iris';
/** Long enough to upload and to look in the middle of an update, in ms. */
const LONG = 1500;

const isServed = ({ decision, because }: LoopEntry) => decision === 'keep' && because === 'served';

/** Whatever the endpoint is doing at the moment of an upload, it serves the newest upload in the end. */
describe('an upload', () => {
  let stage: Stage;
  let bucket: string;
  let count = 1;

  /** Uploads the next version and returns its name. */
  const next = async () => {
    count += 1;
    await stage.upload(bucket, NAMES.modelKey, `v${count}`);
    return `v${count}`;
  };
  /** Makes the endpoint update for a while, with an upload. */
  const startLongUpdate = async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'delay', ms: LONG });
    const name = await next();
    await stage.untilStatus(ENDPOINT, 'Updating');
    return name;
  };
  const ends = async (name: string) => {
    const place = stage.loop.length;
    await stage.untilServes(ENDPOINT, name);
    await stage.untilLoop('that it is served', isServed, place);
    await stage.untilServes(ENDPOINT, name);
  };

  beforeAll(async () => {
    // Two seconds: the mapping's window takes one, and an upload must still be seen to settle.
    const app = (outdir: string) =>
      irisApp({ outdir, waitTime: Duration.seconds(2), pollInterval: Duration.seconds(1) });
    stage = await Stage.open({ app });
    const { BucketName = '' } = await stage.deploy(NAMES.dataStack);
    bucket = BucketName;
    await stage.upload(bucket, NAMES.modelKey, 'v1');
  });
  afterAll(() => stage?.close());

  test('while the endpoint is Creating is served after the next sweep', async () => {
    const deployed = stage.deploy(NAMES.endpointStack);
    await stage.untilStatus(ENDPOINT, 'Creating');
    const name = await next();
    await deployed;
    // Rules come after the endpoint, so there is no event of this upload. The sweep's message, ahead of its hour:
    await sweep(stage);
    await ends(name);
  });

  test('while an earlier one settles is served', async () => {
    const place = stage.loop.length;
    await next();
    await stage.untilLoop('that it settles', ({ because }) => because === 'settling', place);
    await ends(await next());
  });

  test('while the endpoint is Updating is served', async () => {
    await startLongUpdate();
    await ends(await next());
  });

  test('is served when it is the second one during one update', async () => {
    await startLongUpdate();
    await next();
    await ends(await next());
  });

  test('of the bytes that are being replaced is served', async () => {
    const before = `v${count}`;
    await startLongUpdate();
    await stage.upload(bucket, NAMES.modelKey, before);
    await ends(before);
  });

  test('while the endpoint is RollingBack is served', async () => {
    count += 1;
    await stage.upload(bucket, NAMES.modelKey, `v${count}`, true);
    await stage.untilStatus(ENDPOINT, 'RollingBack');
    await ends(await next());
  });

  test('just when the endpoint is InService again is served', async () => {
    await startLongUpdate();
    await stage.untilStatus(ENDPOINT, 'InService');
    await ends(await next());
  });

  test('just when a refused update is over is served', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'refuse' });
    await next();
    await stage.untilStatus(ENDPOINT, 'RollingBack');
    await stage.untilStatus(ENDPOINT, 'InService');
    await ends(await next());
  });

  test('while SageMaker updates the instances by itself is served', async () => {
    stage.runtime.faults.forceStatus(ENDPOINT, 'SystemUpdating');
    const place = stage.loop.length;
    const name = await next();
    await stage.untilLoop('that the endpoint is busy', ({ because }) => because === 'endpoint-busy', place);
    stage.runtime.faults.forceStatus(ENDPOINT, 'InService');
    await ends(name);
  });
});

/** Sends what the sweep's rule would send. */
async function sweep(stage: Stage): Promise<void> {
  const { cloud, account, url } = stage.runtime;
  const caller = { arn: `arn:${account.partition}:iam::${account.accountId}:root` };
  const { Rules } = await cloud.call('events', 'ListRules', {}, caller);
  const rule = Rules.find(({ ScheduleExpression }: { ScheduleExpression?: string }) => ScheduleExpression);
  const { Targets } = await cloud.call('events', 'ListTargetsByRule', { Rule: rule.Name }, caller);
  const [{ Arn, Input }] = Targets;
  const sqs = new SQSClient({
    endpoint: url,
    region: account.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const QueueUrl = `${url}/${account.accountId}/${Arn.split(':').at(-1)}`;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: Input }));
  sqs.destroy();
}
