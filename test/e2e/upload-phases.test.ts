import { NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { isServed, Stage } from './stage.ts';

const ENDPOINT = 'Iris';
/** Long enough to upload and to look in the middle of an update, in ms. */
const LONG = 1500;

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
  const ends = async (name: string, place = stage.loop.length) => {
    await stage.untilServes(ENDPOINT, name);
    await stage.untilLoop('that it is served', isServed, place);
    await stage.untilServes(ENDPOINT, name);
  };

  beforeAll(async () => {
    stage = await Stage.open();
    const { BucketName = '' } = await stage.deploy(NAMES.dataStack);
    bucket = BucketName;
    await stage.upload(bucket, NAMES.modelKey, 'v1');
    const deployed = stage.deploy(NAMES.endpointStack);
    await stage.untilStatus(ENDPOINT, 'Creating');
    await next();
    await deployed;
  });
  afterAll(() => stage?.close());

  test('while the endpoint is Creating is served', async () => {
    await ends('v2', 0);
  });

  test('while an earlier one settles is served', async () => {
    const place = stage.loop.length;
    await stage.until('the loop says that it settles', async () => {
      await next();
      return stage.loop.slice(place).some(({ reason }) => reason === 'Settling');
    });
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
    await stage.untilLoop('that the endpoint is busy', ({ reason }) => reason === 'EndpointBusy', place);
    stage.runtime.faults.forceStatus(ENDPOINT, 'InService');
    await ends(name);
  });
});
