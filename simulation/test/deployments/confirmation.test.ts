import { text } from 'node:stream/consumers';
import { type GateRequest, reconcileRequest, stateKey } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { SERVING_STACK } from '../../deployments/settings-app.ts';
import { DeploymentRig, debug, MINUTE_MS, oneEndpoint, SLOTS } from './rig.ts';

const rig = new DeploymentRig();
/** When the endpoint's resource last entered this status; NaN: never. */
const whenEndpoint = (status: string) =>
  rig.account.events
    .findLast((event) => event.type === 'AWS::SageMaker::Endpoint' && event.status === status)
    ?.timestamp.getTime() ?? Number.NaN;
const ENDPOINT = `${SERVING_STACK}/Endpoint`;

describe('a deployment', () => {
  test.each(SLOTS)('is in the history when it ends, while slot %s is live', async (slot) => {
    await rig.liveOn(slot);
    const began = rig.account.clock.now();
    await rig.account.deploy(oneEndpoint(debug));
    const last = (await rig.account.history()).at(-1);
    expect(last).toMatchObject({ outcome: 'deployed', slot: 'a', trigger: 'deployment' });
    expect(Date.parse(last?.at ?? '')).toBeGreaterThan(began);
    expect(Date.parse(last?.at ?? '')).toBeLessThanOrEqual(whenEndpoint('UPDATE_COMPLETE'));
    expect((await rig.account.state()).deployment).toBeUndefined();
    await rig.account.settle();
    expect(await rig.account.history()).toHaveLength(slot === 'a' ? 2 : 3);
  });

  test('of a new endpoint is in the history when it ends', async () => {
    rig.useEmpty();
    await rig.account.create();
    expect(await rig.account.history()).toMatchObject([{ outcome: 'deployed', slot: 'a' }]);
    await rig.account.settle();
    expect(await rig.account.history()).toHaveLength(1);
  });

  test.each(SLOTS)('that SageMaker rolls back without a word fails, while slot %s is live', async (slot) => {
    const version = await rig.liveOn(slot, oneEndpoint(), { cloudFormation: { overlooksRollbacks: true } });
    const made = await rig.account.made();
    rig.account.faults.nextUpdate('Iris', { kind: 'refuse', reason: '' });
    await expect(rig.account.deploy(oneEndpoint(debug))).rejects.toThrow(
      /runs endpoint config \S+, expected \S+: SageMaker rolled the update back without a reason/,
    );
    expect(rig.account.events.at(-1)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    // CloudFormation took the update for a success.
    expect(whenEndpoint('UPDATE_FAILED')).toBeNaN();
    expect(whenEndpoint('UPDATE_COMPLETE')).not.toBeNaN();
    await rig.account.settle();
    expect(await rig.account.made()).toEqual(made);
    await rig.expectServed(version);
    await rig.refresh('v3');
    await rig.expectServed('v3');
    await rig.account.deploy(oneEndpoint(debug));
    await rig.expectServed('v3');
  });

  test.each(['CreateEndpoint', 'a later resource'])(
    'of a new endpoint that fails because of %s is rolled back',
    async (cause) => {
      rig.useEmpty();
      const began = rig.account.clock.now();
      if (cause === 'CreateEndpoint') {
        rig.account.interfere = ({ operation }) => {
          if (operation === 'CreateEndpoint') throw new Error('no capacity');
        };
      }
      await expect(rig.account.create({ ...oneEndpoint(), fails: true })).rejects.toThrow(/ROLLBACK_COMPLETE/);
      expect(rig.account.clock.now() - began).toBeLessThan(15 * MINUTE_MS);
      rig.allow();
      await rig.account.deploy(oneEndpoint());
      await rig.account.settle();
      await rig.expectServed('v1');
    },
  );
});

describe('a deletion', () => {
  const expectClean = async () => {
    await rig.account.destroy();
    expect(rig.account.events.filter(({ status }) => status === 'DELETE_FAILED')).toEqual([]);
    await expect(rig.account.live()).rejects.toThrow(/Could not find endpoint/);
    expect(rig.account.updates.length).toBeLessThanOrEqual(1);
  };

  test('during a refresh waits for it, and ends clean', async () => {
    await rig.liveOn('a');
    await rig.account.upload('v2');
    await rig.account.until('the controller swaps', () => rig.account.updates.length === 1);
    await expectClean();
  });

  test.each([0, 1, 2, 3, 5, 8, 13])('%i seconds after an upload ends clean', async (seconds) => {
    await rig.liveOn('a');
    await rig.account.upload('v2');
    await rig.account.pass(seconds * 1000);
    await expectClean();
  });

  test('while a pass is about to record its swap stops it, and nothing is written any more', async () => {
    await rig.liveOn('a', oneEndpoint({ inPlace: true }));
    let writes = 0;
    // The first write says that the upload settles, the second one is the swap's.
    rig.account.delayMs = (operation) => (operation === 'PutObject' && ++writes === 2 ? 40_000 : 0);
    await rig.account.upload('v2');
    const { store } = await rig.account.spec();
    await rig.account.until('the pass is about to write', () => writes === 2);
    await expectClean();
    await rig.account.pass(5 * MINUTE_MS);
    expect(rig.account.updates).toEqual([]);
    const { Body } = await rig.account.call('s3', 'GetObject', { Bucket: store.bucket, Key: stateKey(store) });
    expect(JSON.parse(await text(Body))).toMatchObject({ endedAt: expect.any(Number) });
  });

  test('while SageMaker patches the endpoint for hours fails as SageMaker says, and succeeds later', async () => {
    await rig.liveOn('a');
    rig.account.faults.forceStatus('Iris', 'SystemUpdating');
    await expect(rig.account.destroy()).rejects.toThrow(/in-progress endpoint/);
    rig.account.faults.forceStatus('Iris', 'InService');
    await rig.account.destroy();
  });

  test('of one endpoint of two ends its requests, although the role may no longer read its spec', async () => {
    const two = { endpoints: { Endpoint: {}, Other: { endpointName: 'Other' } } };
    await rig.liveOn('a', two);
    await rig.account.deploy(oneEndpoint());
    await rig.account.send(reconcileRequest(`${SERVING_STACK}/Other`));
    await rig.account.pass(2 * MINUTE_MS);
    await rig.account.settle();
    expect(rig.account.decisions.findLast(({ endpoint }) => endpoint.endsWith('/Other'))).toMatchObject({
      decision: 'done',
      reason: 'SpecGone',
    });
    await rig.refresh('v2');
    await rig.expectServed('v2');
  });

  test('and the same endpoint anew: nothing of the old one is left to be done', async () => {
    await rig.liveOn('b');
    await rig.account.destroy();
    await rig.account.deploy(oneEndpoint());
    await rig.account.settle();
    await rig.expectServed('v2');
    await rig.refresh('v3');
    await rig.expectServed('v3');
  });
});

test('a deployment’s request of anyone else changes nothing, is dead-lettered and counted', async () => {
  await rig.liveOn('b');
  const before = await rig.account.state();
  const gate: GateRequest = {
    type: 'Update',
    responseUrl: 'https://example.com/steal',
    stackId: (await rig.account.spec()).stackId,
    requestId: 'forged',
    logicalResourceId: 'DeploymentGate',
    physicalResourceId: ENDPOINT,
    store: { bucket: rig.account.bucket, prefix: 'forged/' },
    sources: [],
    deadline: rig.account.clock.now(),
  };
  const forged = { ...reconcileRequest(ENDPOINT), gate };
  await rig.account.send(forged);
  await rig.account.settle();
  expect(await rig.account.state()).toEqual(before);
  const { Contents = [] } = await rig.account.call('s3', 'ListObjectsV2', {
    Bucket: rig.account.bucket,
    Prefix: 'forged/',
  });
  expect(Contents).toEqual([]);
  expect(await rig.account.deadLetters()).toEqual([JSON.stringify(forged)]);
  expect(rig.account.metrics).toContainEqual(['MessagesUnreadable', 1]);
});
