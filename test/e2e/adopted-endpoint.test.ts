import { type AdoptAppProps, adoptApp } from '@freshpoint-examples/adopt/adopt-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUICK, Stage } from './stage.ts';

const NAME = 'iris-adopted';
const KEY = 'iris/model.tar.gz';
const app = (owner: AdoptAppProps['owner']) => (outdir: string) => adoptApp({ ...QUICK, owner, outdir });

describe('an endpoint that its stack declared by hand', () => {
  let stage: Stage;
  let bucket: string;
  let created: Date | undefined;
  beforeAll(async () => {
    stage = await Stage.open({ app: app('hand') });
    ({ BucketName: bucket = '' } = await stage.deploy('AdoptData'));
    await stage.upload(bucket, KEY, 'v1');
    await stage.deploy('Adopt');
    ({ CreationTime: created } = await stage.describe(NAME));
  });
  afterAll(() => stage?.close());

  test('is adopted without a pause: it answers while the stack is updated, and stays the same endpoint', async () => {
    app('freshpoint')(stage.assembly).synth();
    // The bucket sends its events to EventBridge from now on.
    await stage.deploy('AdoptData');
    let isDeployed = false;
    const deployed = stage.deployEndpoints('Adopt', 'Serving').finally(() => {
      isDeployed = true;
    });
    while (!isDeployed) expect(await stage.answer(NAME)).toBe('v1');
    await deployed;
    expect((await stage.describe(NAME)).CreationTime).toEqual(created);
  });

  test('serves what is uploaded from then on', async () => {
    await stage.upload(bucket, KEY, 'v2');
    await stage.untilServes(NAME, 'v2');
  });
});
