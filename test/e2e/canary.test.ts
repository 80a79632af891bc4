import { canaryApp } from '@freshpoint-examples/canary/canary-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUICK, Stage } from './stage.ts';

const NAME = 'iris-canary';
const KEY = 'iris/model.tar.gz';

describe('the example of an endpoint in production', () => {
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir, firstModel) => canaryApp({ ...QUICK, outdir, firstModel }) });
    ({ BucketName: bucket = '' } = await stage.deploy('Canary'));
  });
  afterAll(() => stage?.close());

  test('is deployed with its first model by one deployment', async () => {
    expect(await stage.answer(NAME)).toBe('v1');
  });

  test('shifts to an upload by canaries, and keeps the deployment config', async () => {
    await stage.upload(bucket, KEY, 'v2');
    await stage.untilServes(NAME, 'v2');
    const { LastDeploymentConfig } = await stage.describe(NAME);
    expect(LastDeploymentConfig).toMatchObject({
      BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: 300 } },
      AutoRollbackConfiguration: { Alarms: [{}] },
    });
  });

  test('goes back when a smoke test is answered wrongly', async () => {
    const from = stage.log.length;
    await stage.upload(bucket, KEY, 'wrong');
    const refused = await stage.untilLog('it is refused', ({ decision }) => decision === 'refused', from);
    expect(refused.message).toContain('Smoke test 1 of 1 failed');
    await stage.untilServes(NAME, 'v2');
  });
});
