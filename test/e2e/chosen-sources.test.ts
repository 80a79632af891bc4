import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ModelSource } from '@freshpoint/cdk';
import { EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsApp } from './many-endpoints-app.ts';
import { type LogEntry, Stage } from './stage.ts';

const jobs = (bucket: IBucket) =>
  ModelSource.newestBelow(bucket, { prefix: 'training/', suffix: '/output/model.tar.gz' });
const keyOf = (job: string) => `training/${job}/output/model.tar.gz`;
const pointer = (bucket: IBucket) => ModelSource.pointer(bucket, 'current.txt');
// No bucket event detects the uploads: the sources' own patterns do.
const bucketEvents = [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.never' }] }];

describe('a model whose object changes', () => {
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    const endpoints = [
      { name: 'jobs', key: jobs, bucketEvents },
      { name: 'pointed', key: pointer, bucketEvents },
      { name: 'marked', key: 'marked.tar.gz', marker: '_SUCCESS' },
    ];
    stage = await Stage.open({ app: (outdir) => endpointsApp(outdir, endpoints) });
    ({ BucketName: bucket = '' } = await stage.deploy('Data'));
    await stage.upload(bucket, keyOf('2026-10-01'), 'v1');
    await stage.upload(bucket, 'marked.tar.gz', 'm1');
    await stage.upload(bucket, 'releases/1.tar.gz', 'r1');
    await point(`s3://${bucket}/releases/1.tar.gz`);
    await stage.deployEndpoints('Endpoints', 'jobs', 'pointed', 'marked');
  });
  afterAll(() => stage?.close());

  /** Until an endpoint is deployed, its refresher may not describe it, so other denials say nothing. */
  const deniedReads = () => stage.denials.filter(({ action }) => action.startsWith('s3:'));
  async function put(Key: string, Body: string): Promise<void> {
    await stage.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  }
  async function point(Body: string): Promise<void> {
    await put('current.txt', Body);
  }

  test('is that of the training job that ended last', async () => {
    await stage.untilServes('jobs', 'v1');
    await stage.upload(bucket, keyOf('2026-10-02'), 'v2');
    await stage.untilServes('jobs', 'v2');
    expect(deniedReads()).toEqual([]);
  });

  test('is that of the job before, once the newest archive is deleted', async () => {
    await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf('2026-10-02') }));
    const { queueUrl } = await stage.refresherOf('Endpoints');
    await stage.requestReconcile(queueUrl, 'Endpoints/jobs');
    await stage.untilServes('jobs', 'v1');
    expect(deniedReads()).toEqual([]);
  });

  test('is what the pointer names, and stays so after a pointer to another bucket', async () => {
    await stage.untilServes('pointed', 'r1');
    await stage.upload(bucket, 'releases/2.tar.gz', 'r2');
    await point(JSON.stringify({ uri: `s3://${bucket}/releases/2.tar.gz` }));
    await stage.untilServes('pointed', 'r2');

    const from = stage.log.length;
    await point('s3://secrets/releases/3.tar.gz');
    const isOfPointed = ({ endpoint, decision }: LogEntry) =>
      endpoint === 'Endpoints/pointed' && decision === 'refused';
    const refused = await stage.untilLog('the pointer is refused', isOfPointed, from);
    expect(refused.message).toMatch(/names an object in the bucket secrets, expected one of: /);
    expect(await stage.answer('pointed')).toBe('r2');

    await point(`s3://${bucket}/releases/1.tar.gz`);
    await stage.untilServes('pointed', 'r1');
    expect(deniedReads()).toEqual([]);
  });

  test('is served once the marker is written after it', async () => {
    const from = stage.log.length;
    await stage.upload(bucket, 'marked.tar.gz', 'm2');
    const isWaiting = ({ endpoint, reason }: LogEntry) => endpoint === 'Endpoints/marked' && reason === 'MarkerMissing';
    const waiting = await stage.untilLog('it waits for the marker', isWaiting, from);
    expect(waiting.message).toMatch(/There is no marker at s3:.*_SUCCESS/);
    expect(await stage.answer('marked')).toBe('m1');
    await put('_SUCCESS', '');
    await stage.untilServes('marked', 'm2');
    expect(deniedReads()).toEqual([]);
  });
});
