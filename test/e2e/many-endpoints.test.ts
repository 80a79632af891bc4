import { EventType } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EndpointSketch, endpointsApp } from './many-endpoints-app.ts';
import { Stage } from './stage.ts';

const event = (prefix: string) => [
  { eventType: EventType.OBJECT_CREATED, keyFilters: [{ prefix, suffix: '.tar.gz' }] },
];

/** Twenty endpoints on one bucket. The first three watch prefixes of which one lies within the other. */
const ENDPOINTS: readonly EndpointSketch[] = [
  { name: 'all', key: 'shop/all/model.tar.gz', bucketEvents: event('shop/') },
  { name: 'shoes', key: 'shop/shoes/model.tar.gz', bucketEvents: event('shop/shoes/') },
  { name: 'hats', key: 'shop/hats/model.tar.gz', bucketEvents: event('shop/hats/') },
  ...Array.from({ length: 17 }, (_, i) => ({ name: `other-${i}`, key: `other/${i}.tar.gz` })),
];

describe('a stack with 20 endpoints', () => {
  let stage: Stage;
  let bucket: string;
  const swapped = (place: number) =>
    new Set(stage.loop.slice(place).flatMap(({ decision, endpoint }) => (decision === 'swap' ? [endpoint] : [])));

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
    const place = stage.loop.length;
    // While the stack is being made, an endpoint can be there before the policy that names it.
    const denials = stage.denials.length;
    await stage.upload(bucket, 'shop/shoes/model.tar.gz', 'v2');
    await stage.untilServes('shoes', 'v2');
    for (const name of ['shoes', 'all']) {
      await stage.untilLoop(
        `that ${name} is served`,
        ({ decision, endpoint }) => decision === 'succeeded' && endpoint === `Endpoints/${name}`,
        place,
      );
    }
    expect([...swapped(place)].sort()).toEqual(['Endpoints/all', 'Endpoints/shoes']);
    expect(await stage.answer('hats')).toBe('v1');
    expect(stage.denials.slice(denials)).toEqual([]);
  });

  test('an upload that nobody loads, below a prefix that two watch, leaves the others alone', async () => {
    const place = stage.loop.length;
    await stage.upload(bucket, 'shop/gloves/model.tar.gz', 'v1');
    await stage.untilLoop(
      'that all is served',
      ({ decision, endpoint }) => decision === 'succeeded' && endpoint === 'Endpoints/all',
      place,
    );
    expect([...swapped(place)]).toEqual(['Endpoints/all']);
  });
});
