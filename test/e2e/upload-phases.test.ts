import { NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { writeBrokenModel } from './archives.ts';
import { isServing, Stage } from './stage.ts';

const ENDPOINT = 'Iris';
/** Duration of a slow update, in milliseconds: long enough for an upload meanwhile. */
const SLOW_UPDATE_MS = 1500;

/** In every phase of the endpoint, an upload ends up in service. */
describe('an upload', () => {
  let stage: Stage;
  let bucket: string;
  let count = 1;

  /** Uploads the next version and returns its name. */
  const uploadNext = async () => {
    count += 1;
    await stage.upload(bucket, NAMES.modelKey, `v${count}`);
    return `v${count}`;
  };
  /** Starts a slow update with an upload. */
  const startSlowUpdate = async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'delay', ms: SLOW_UPDATE_MS });
    const name = await uploadNext();
    await stage.untilStatus(ENDPOINT, 'Updating');
    return name;
  };
  const untilServed = async (name: string, from = stage.log.length) => {
    await stage.untilServes(ENDPOINT, name);
    await stage.untilLog('the newest revision is served', isServing, from);
    await stage.untilServes(ENDPOINT, name);
  };

  beforeAll(async () => {
    stage = await Stage.open();
    const deployed = stage.deployIris();
    await stage.untilStatus(ENDPOINT, 'Creating');
    bucket = await stage.physicalId(NAMES.stack, 'Models');
    await uploadNext();
    await deployed;
  });
  afterAll(() => stage?.close());

  test('while the endpoint is Creating is served', async () => {
    await untilServed('v2', 0);
  });

  test('while an earlier one settles is served', async () => {
    const from = stage.log.length;
    await stage.until('the controller logs Settling', async () => {
      await uploadNext();
      return stage.log.slice(from).some(({ reason }) => reason === 'Settling');
    });
    await untilServed(await uploadNext());
  });

  test('while the endpoint is Updating is served', async () => {
    await startSlowUpdate();
    await untilServed(await uploadNext());
  });

  test('is served if it is the second one during an update', async () => {
    await startSlowUpdate();
    await uploadNext();
    await untilServed(await uploadNext());
  });

  test('of the bytes that are being replaced is served', async () => {
    const before = `v${count}`;
    await startSlowUpdate();
    await stage.upload(bucket, NAMES.modelKey, before);
    await untilServed(before);
  });

  test('while the endpoint is RollingBack is served', async () => {
    count += 1;
    await stage.uploadFile(bucket, NAMES.modelKey, await writeBrokenModel(stage.folder, `v${count}`));
    await stage.untilStatus(ENDPOINT, 'RollingBack');
    await untilServed(await uploadNext());
  });

  test('just when the endpoint is InService again is served', async () => {
    await startSlowUpdate();
    await stage.untilStatus(ENDPOINT, 'InService');
    await untilServed(await uploadNext());
  });

  test('just when a failed update has ended is served', async () => {
    stage.runtime.faults.nextUpdate(ENDPOINT, { kind: 'refuse' });
    await uploadNext();
    await stage.untilStatus(ENDPOINT, 'RollingBack');
    await stage.untilStatus(ENDPOINT, 'InService');
    await untilServed(await uploadNext());
  });

  test('while SageMaker patches the instances is served', async () => {
    stage.runtime.faults.forceStatus(ENDPOINT, 'SystemUpdating');
    const from = stage.log.length;
    const name = await uploadNext();
    await stage.untilLog('the endpoint is busy', ({ reason }) => reason === 'EndpointBusy', from);
    stage.runtime.faults.forceStatus(ENDPOINT, 'InService');
    await untilServed(name);
  });
});
