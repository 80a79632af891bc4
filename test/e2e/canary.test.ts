import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardedApp } from '@freshpoint-examples/iris/guarded-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeTinyModel } from './archives.ts';
import { Stage } from './stage.ts';

const SECOND = Duration.seconds(1);
const NAME = 'iris-guarded';

describe('the example of an endpoint in production', () => {
  let folder: string;
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'freshpoint-e2e-'));
    const firstModel = await writeTinyModel(folder, 'v1');
    const app = (outdir: string) => guardedApp({ firstModel, outdir, waitTime: SECOND, pollInterval: SECOND });
    stage = await Stage.open({ app });
    ({ BucketName: bucket = '' } = await stage.deploy('IrisGuarded'));
  });
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true });
  });

  test('is deployed with its first model by one deployment', async () => {
    expect(await stage.answer(NAME)).toBe('v1');
  });

  test('shifts to an upload by canaries, and keeps the deployment config', async () => {
    await stage.upload(bucket, NAMES.modelKey, 'v2');
    await stage.untilServes(NAME, 'v2');
    const { LastDeploymentConfig } = await stage.describe(NAME);
    expect(LastDeploymentConfig).toMatchObject({
      BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: 300 } },
      AutoRollbackConfiguration: { Alarms: [{}] },
    });
  });

  test('goes back when a smoke test is answered wrongly', async () => {
    const from = stage.log.length;
    await stage.upload(bucket, NAMES.modelKey, 'wrong');
    const refused = await stage.untilLog('it is refused', ({ decision }) => decision === 'refused', from);
    expect(refused.message).toContain('Smoke test 1 of 1 failed');
    await stage.untilServes(NAME, 'v2');
  });
});
