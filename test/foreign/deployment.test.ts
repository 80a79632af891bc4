import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { irisApp } from '@freshpoint-examples/iris/iris-app';
import { NAMES } from '@freshpoint-examples/iris/names';
import { Duration } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EditableTemplate, ForeignAccount } from './account.ts';
import { modelArchive } from './model-archive.ts';
import { newestArchiveApp } from './newest-archive-app.ts';

const ENDPOINT = 'Iris';
const SECOND = Duration.seconds(1);

/** Takes the first model from the deployment gate. */
function withoutFirstModel({ Resources }: EditableTemplate): void {
  for (const { Properties } of Object.values(Resources)) delete Properties?.InitialData;
}

/** Takes the permission to update the endpoint from the function's role. */
function withoutSwaps({ Resources }: EditableTemplate): void {
  for (const { Type, Properties } of Object.values(Resources)) {
    if (!Type.startsWith('AWS::IAM::')) continue;
    const text = JSON.stringify(Properties).replaceAll('sagemaker:UpdateEndpoint"', 'sagemaker:DescribeEndpoint"');
    Object.assign(Properties, JSON.parse(text));
  }
}

/** One account, so the tests build on each other. */
describe('on ministack, with its IAM, the example’s stack', () => {
  let account: ForeignAccount;
  let folder: string;
  let bucket: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'freshpoint-foreign-'));
    await writeFile(firstModel(), await modelArchive('v1'));
    account = await ForeignAccount.open();
  });
  afterAll(async () => {
    await account?.close();
    await rm(folder, { recursive: true });
  });

  const firstModel = () => join(folder, 'model.tar.gz');
  const app =
    (setting = 'first') =>
    (outdir: string) => {
      const environment = { SAGEMAKER_PROGRAM: 'inference.mjs', SETTING: setting };
      return irisApp({ outdir, firstModel: firstModel(), waitTime: SECOND, pollInterval: SECOND, environment });
    };
  const upload = (model: string | Buffer) => account.upload(bucket, NAMES.modelKey, model);

  test('cannot be deployed without a model, and is rolled back', async () => {
    const { status, failures } = await account.deploy(app(), NAMES.stack, withoutFirstModel);
    expect(status).toBe('ROLLBACK_COMPLETE');
    expect(Object.values(failures).join()).toMatch(/There is no object at s3:\/\/[\w-]+\/iris\/model\.tar\.gz/);
    expect(await account.destroy(NAMES.stack)).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('serves its first model after one deployment', async () => {
    const { status, outputs, failures } = await account.deploy(app(), NAMES.stack);
    expect({ status, outputs, failures }).toEqual({
      status: 'CREATE_COMPLETE',
      outputs: { BucketName: expect.any(String), EndpointName: ENDPOINT },
      failures: {},
    });
    bucket = outputs.BucketName ?? '';
    expect(await account.answer(ENDPOINT)).toEqual({ name: 'v1', setting: 'first' });
  });

  test('serves what is uploaded', async () => {
    await upload('v2');
    await account.untilServes(ENDPOINT, 'v2');
  });

  test('rejects an upload that is no archive, without an update', async () => {
    const { EndpointConfigName } = await account.describe(ENDPOINT);
    const from = account.logLength;
    await upload(Buffer.from('not an archive'));
    await account.untilLog('the archive is refused', ({ decision }) => decision === 'refused', from);
    expect(await account.describe(ENDPOINT)).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName });
  });

  test('returns to the model before when a container does not start', async () => {
    const from = account.logLength;
    await upload('broken');
    const line = await account.untilLog('the model is refused', ({ decision }) => decision === 'refused', from);
    expect(line.message).toContain('did not pass the ping health check');
    expect(await account.answer(ENDPOINT)).toMatchObject({ name: 'v2' });
  });

  test('takes changed settings during a refresh, and serves the upload with them', async () => {
    await upload('v3');
    await account.untilUpdating(ENDPOINT);
    expect(await account.deploy(app('second'), NAMES.stack)).toMatchObject({
      status: 'UPDATE_COMPLETE',
      failures: {},
    });
    await account.untilServes(ENDPOINT, 'v3');
    expect(await account.answer(ENDPOINT)).toEqual({ name: 'v3', setting: 'second' });
  });

  test('rolls settings back with which no container starts', async () => {
    const { status, failures } = await account.deploy(app('broken'), NAMES.stack);
    expect(status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(Object.values(failures).join()).toContain('did not pass the ping health check');
    expect(await account.answer(ENDPOINT)).toEqual({ name: 'v3', setting: 'second' });
    await upload('v4');
    await account.untilServes(ENDPOINT, 'v4');
  });

  test('has every permission that it needs', () => {
    expect(account.denials).toEqual([]);
  });

  test('cannot swap without the permission, says so, and swaps once it has it again', async () => {
    await account.deploy(app('second'), NAMES.stack, withoutSwaps);
    const from = account.logLength;
    await upload('v5');
    const denied = (line: object) =>
      JSON.stringify(line).includes('not authorized to perform: sagemaker:UpdateEndpoint');
    await account.untilLog('it may not update the endpoint', denied, from);
    expect(await account.answer(ENDPOINT)).toMatchObject({ name: 'v4' });
    await account.deploy(app('second'), NAMES.stack);
    await upload('v6');
    await account.untilServes(ENDPOINT, 'v6');
  });

  test('and one that chooses the newest archive serves it, unless its smoke test fails', async () => {
    const uploadAs = (name: string) => account.upload(bucket, `training/${name}/model.tar.gz`, name);
    await uploadAs('v1');
    const deployed = await account.deploy((outdir) => newestArchiveApp(outdir, bucket), 'Newest');
    expect(deployed).toMatchObject({ status: 'CREATE_COMPLETE', failures: {} });
    await uploadAs('v2');
    await account.untilServes('Newest', 'v2');
    const from = account.logLength;
    await uploadAs('wrong');
    const line = await account.untilLog('the model is refused', ({ decision }) => decision === 'refused', from);
    expect(line.message).toContain('Smoke test 1 of 1 failed');
    await account.untilServes('Newest', 'v2');
    expect(await account.destroy('Newest')).toMatchObject({ status: 'DELETE_COMPLETE' });
  });

  test('is deleted during a refresh', async () => {
    await upload('v7');
    await account.untilUpdating(ENDPOINT);
    expect(await account.destroy(NAMES.stack)).toEqual({
      status: 'DELETE_COMPLETE',
      outputs: {},
      failures: {},
    });
    await expect(account.describe(ENDPOINT)).rejects.toThrow('Could not find endpoint');
  });
});
