import { describe, expect, test } from 'vitest';
import { KEY } from '../../deployments/settings-app.ts';
import { DeploymentRig, MINUTE_MS, oneEndpoint } from './rig.ts';

const rig = new DeploymentRig();

describe('uploads that never pause, of which no event arrives', () => {
  const WAIT_SECONDS = 60;
  const MAX_WAIT_SECONDS = 600;
  const SWEEP_MS = 60 * MINUTE_MS;
  /** For the passes between, and for calls. */
  const SLACK_MS = 2 * MINUTE_MS;

  test.each([
    { every: 30, takes: 0 },
    { every: 30, takes: 120 },
    { every: 45, takes: 65 },
  ])('every $every s, each taking $takes s, are swapped maxWaitTime after the sweep', async ({ every, takes }) => {
    await rig.liveOn('a', oneEndpoint({ waitTime: WAIT_SECONDS, maxWaitTime: MAX_WAIT_SECONDS }));
    const silent = { Bucket: rig.account.bucket, NotificationConfiguration: {} };
    await rig.account.call('s3', 'PutBucketNotificationConfiguration', silent);
    const begunAt = rig.account.clock.now();
    const running: (() => Promise<void>)[] = [];
    for (let count = 0; rig.account.updates.length === 0; count++) {
      running.push(await beginUpload(`v${count + 2}`));
      if (running.length * every > takes) await running.shift()?.();
      await rig.account.pass(every * 1000);
      const waitedMs = rig.account.clock.now() - begunAt;
      expect(waitedMs, rig.account.tail()).toBeLessThan(SWEEP_MS + MAX_WAIT_SECONDS * 1000 + SLACK_MS);
    }
  });

  /** S3 dates the object by this call; the returned one completes it. */
  async function beginUpload(version: string): Promise<() => Promise<void>> {
    const object = { Bucket: rig.account.bucket, Key: KEY };
    const { UploadId } = await rig.account.call('s3', 'CreateMultipartUpload', object);
    const part = { ...object, UploadId, PartNumber: 1, Body: Buffer.from(version) };
    return async () => {
      const { ETag } = await rig.account.call('s3', 'UploadPart', part);
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      await rig.account.call('s3', 'CompleteMultipartUpload', { ...object, UploadId, MultipartUpload });
    };
  }
});

describe('an update of an hour that is polled every second', () => {
  /** SQS dead-letters a message at this receive. */
  const MAX_RECEIVES = 1000;

  test('is concluded, by one message that is never dead-lettered', async () => {
    await rig.liveOn('a', oneEndpoint({ pollInterval: 1 }));
    rig.account.faults.nextUpdate('Iris', { kind: 'delay', ms: 60 * MINUTE_MS });
    await rig.account.upload('v2');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    const passes = rig.account.decisions.length;
    await rig.account.pass(59 * MINUTE_MS);
    expect(rig.account.decisions.length - passes).toBeGreaterThan(1.5 * MAX_RECEIVES);
    expect(await rig.account.messages()).toEqual({ requests: 1, deadLetters: 0 });
    await rig.account.settle();
    expect(await rig.account.messages()).toEqual({ requests: 0, deadLetters: 0 });
    expect((await rig.account.state()).serving?.revision).toBeDefined();
    expect(rig.movers()).toEqual(['controller']);
    await rig.expectServed('v2');
  });
});
