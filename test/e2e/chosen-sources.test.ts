import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { ModelSource } from '@freshpoint/cdk';
import { EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsApp } from './many-endpoints-app.ts';
import { Stage } from './stage.ts';

const jobs = (bucket: IBucket) =>
  ModelSource.newestBelow(bucket, { prefix: 'training/', suffix: '/output/model.tar.gz' });
const keyOf = (job: string) => `training/${job}/output/model.tar.gz`;
// No bucket event detects the uploads: the sources' own patterns do.
const bucketEvents = [{ eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.never' }] }];

describe('a model whose object changes', () => {
  let stage: Stage;
  let bucket: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => endpointsApp(outdir, [{ name: 'jobs', key: jobs, bucketEvents }]) });
    ({ BucketName: bucket = '' } = await stage.deploy('Data'));
    await stage.upload(bucket, keyOf('2026-10-01'), 'v1');
    await stage.deployEndpoints('Endpoints', 'jobs');
  });
  afterAll(() => stage?.close());

  test('is that of the training job that ended last', async () => {
    await stage.untilServes('jobs', 'v1');
    await stage.upload(bucket, keyOf('2026-10-02'), 'v2');
    await stage.untilServes('jobs', 'v2');
    expect(stage.denials).toEqual([]);
  });

  test('is that of the job before, once the newest archive is deleted', async () => {
    await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf('2026-10-02') }));
    const { queueUrl } = await stage.refresherOf('Endpoints');
    await stage.requestReconcile(queueUrl, 'Endpoints/jobs');
    await stage.untilServes('jobs', 'v1');
    expect(stage.denials).toEqual([]);
  });
});
