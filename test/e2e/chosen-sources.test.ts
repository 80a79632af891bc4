import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { pipelineApp } from '@freshpoint-examples/pipeline/pipeline-app';
import { releaseApp } from '@freshpoint-examples/pointer/release-app';
import { jobsApp } from '@freshpoint-examples/training-jobs/jobs-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LogEntry, QUICK, Stage } from './stage.ts';

const keyOf = (job: string) => `churn/${job}/output/model.tar.gz`;

describe('the example whose model', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => jobsApp({ ...QUICK, outdir }) });
    for (const app of [releaseApp, pipelineApp]) app({ ...QUICK, outdir: folderOf(app) }).synth();
  });
  afterAll(() => stage?.close());

  const folderOf = ({ name }: typeof releaseApp | typeof pipelineApp) => join(stage.folder, name);
  async function deploy(app: typeof releaseApp | typeof pipelineApp, stackName: string) {
    const deployed = await stage.runtime.deploy(folderOf(app), { stacks: [stackName] });
    return deployed[stackName]?.outputs ?? {};
  }
  async function put(Bucket: string, Key: string, Body: string): Promise<void> {
    await stage.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }
  /** Until an endpoint is deployed, its refresher may not describe it, so other denials say nothing. */
  const deniedReads = () => stage.denials.filter(({ action }) => action.startsWith('s3:'));

  test('is the output of the newest training job serves it, and the one before once it is deleted', async () => {
    const { BucketName: bucket = '' } = await stage.deploy('JobsData');
    await stage.upload(bucket, keyOf('2026-10-01'), 'v1');
    await stage.deployEndpoints('Jobs', 'Endpoint');
    await stage.untilServes('churn', 'v1');
    await stage.upload(bucket, keyOf('2026-10-02'), 'v2');
    await stage.untilServes('churn', 'v2');
    await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf('2026-10-02') }));
    await stage.requestReconcile((await stage.refresherOf('Jobs')).queueUrl, 'Jobs/Endpoint');
    await stage.untilServes('churn', 'v1');
    expect(deniedReads()).toEqual([]);
  });

  test('is what a pointer names follows it, and stays after a pointer to another bucket', async () => {
    const { PointersName: pointers = '', ArchivesName: archives = '' } = await deploy(releaseApp, 'ReleaseData');
    const point = (text: string) => put(pointers, 'fraud/current.txt', text);
    await stage.upload(archives, '1/model.tar.gz', 'r1');
    await point(`s3://${archives}/1/model.tar.gz\n`);
    await deploy(releaseApp, 'Release');
    await stage.untilServes('fraud', 'r1');
    await stage.upload(archives, '2/model.tar.gz', 'r2');
    await point(JSON.stringify({ uri: `s3://${archives}/2/model.tar.gz` }));
    await stage.untilServes('fraud', 'r2');

    const from = stage.log.length;
    await point('s3://secrets/3/model.tar.gz');
    const isRefused = ({ endpoint, decision }: LogEntry) => endpoint === 'Release/Endpoint' && decision === 'refused';
    const refused = await stage.untilLog('the pointer is refused', isRefused, from);
    expect(refused.message).toMatch(/names an object in the bucket secrets, expected one of: /);
    expect(await stage.answer('fraud')).toBe('r2');

    await point(`s3://${archives}/1/model.tar.gz`);
    await stage.untilServes('fraud', 'r1');
    expect(deniedReads()).toEqual([]);
  });

  test('is three archives serves all once the marker is written after them', async () => {
    const { BucketName: bucket = '' } = await deploy(pipelineApp, 'PipelineData');
    await stage.upload(bucket, 'features.tar.gz', 'f1');
    await stage.upload(bucket, 'ranking.tar.gz', 'r1');
    await stage.upload(bucket, 'texts.tar.gz', 't1');
    await deploy(pipelineApp, 'Pipeline');
    await stage.untilServes('ranking', 'f1 r1 t1');
    const from = stage.log.length;
    await stage.upload(bucket, 'features.tar.gz', 'f2');
    const isWaiting = ({ endpoint, reason }: LogEntry) =>
      endpoint === 'Pipeline/Endpoint' && reason === 'MarkerMissing';
    const waiting = await stage.untilLog('it waits for the marker', isWaiting, from);
    expect(waiting.message).toMatch(/There is no marker at s3:.*_SUCCESS/);
    await stage.upload(bucket, 'ranking.tar.gz', 'r2');
    await put(bucket, '_SUCCESS', '');
    await stage.untilServes('ranking', 'f2 r2 t1');
    expect(deniedReads()).toEqual([]);
  });
});
