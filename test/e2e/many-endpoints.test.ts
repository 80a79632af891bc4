import { UpdateEndpointWeightsAndCapacitiesCommand } from '@aws-sdk/client-sagemaker';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsApp } from './many-endpoints-app.ts';
import { type LogEntry, Stage } from './stage.ts';

const event = (prefix: string) => [
  { eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix, suffix: '.tar.gz' }] },
];

/** Twenty endpoints on one bucket. The first one's prefix contains those of the next two. */
const ENDPOINTS = [
  { name: 'all', key: 'shop/all/model.tar.gz', bucketEvents: event('shop/') },
  { name: 'shoes', key: 'shop/shoes/model.tar.gz', bucketEvents: event('shop/shoes/') },
  { name: 'hats', key: 'shop/hats/model.tar.gz', bucketEvents: event('shop/hats/') },
  ...Array.from({ length: 17 }, (_, i) => ({ name: `other-${i}`, key: `other/${i}.tar.gz` })),
];

const hasSucceeded =
  (name: string) =>
  ({ decision, endpoint }: LogEntry) =>
    decision === 'succeeded' && endpoint === `Endpoints/${name}`;

describe('a stack with 20 endpoints', () => {
  let stage: Stage;
  let bucket: string;
  const swapped = (from: number) =>
    new Set(stage.log.slice(from).flatMap(({ decision, endpoint }) => (decision === 'swap' ? [endpoint] : [])));

  beforeAll(async () => {
    stage = await Stage.open({ app: (outdir) => endpointsApp(outdir, ENDPOINTS) });
    const { BucketName = '' } = await stage.deploy('Data');
    bucket = BucketName;
    for (const { key } of ENDPOINTS) await stage.upload(bucket, key, 'v1');
    await stage.deployEndpoints('Endpoints', ...ENDPOINTS.map(({ name }) => name));
  });
  afterAll(() => stage?.close());

  test('deploys within the limits of IAM, and every endpoint answers', async () => {
    const answers = await Promise.all(ENDPOINTS.map(({ name }) => stage.answer(name)));
    expect(answers).toEqual(ENDPOINTS.map(() => 'v1'));
  });

  test('an upload refreshes every endpoint that watches its key, and no other', async () => {
    const from = stage.log.length;
    // During the deployment, an endpoint may exist before the policy that names it.
    const denials = stage.denials.length;
    await stage.upload(bucket, 'shop/shoes/model.tar.gz', 'v2');
    await stage.untilServes('shoes', 'v2');
    for (const name of ['shoes', 'all']) {
      await stage.untilLog(`${name} is refreshed`, hasSucceeded(name), from);
    }
    expect([...swapped(from)].sort()).toEqual(['Endpoints/all', 'Endpoints/shoes']);
    expect(await stage.answer('hats')).toBe('v1');
    expect(stage.denials.slice(denials)).toEqual([]);
  });

  test('an upload that no model loads refreshes only the endpoint whose prefix it is below', async () => {
    const from = stage.log.length;
    await stage.upload(bucket, 'shop/gloves/model.tar.gz', 'v1');
    await stage.untilLog('"all" is refreshed', hasSucceeded('all'), from);
    expect([...swapped(from)]).toEqual(['Endpoints/all']);
  });

  test('an update by someone else requests a reconciliation of its endpoint, and of no other, when it ends', async () => {
    const from = stage.log.length;
    const DesiredWeightsAndCapacities = [{ VariantName: 'All', DesiredInstanceCount: 2 }];
    await stage.sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: 'hats', DesiredWeightsAndCapacities }),
    );
    await stage.untilLog('"hats" is reconciled', ({ endpoint }) => endpoint === 'Endpoints/hats', from);
    expect((await stage.describe('hats')).EndpointStatus).toBe('InService');
    // Requests that waited for the earlier updates may come back now.
    const waiting = swapped(0);
    const others = stage.log.slice(from).flatMap(({ endpoint }) => (waiting.has(endpoint) ? [] : [endpoint]));
    expect(new Set(others)).toEqual(new Set(['Endpoints/hats']));
  });
});
