import { AwsError } from '@freshpoint/simulator/core/aws-error';
import { describe, expect, test } from 'vitest';
import { isFunction } from '../../deployments/deployment-watch.ts';
import type { Settings } from '../../deployments/settings-app.ts';
import { etagOf } from '../../worlds/model-data.ts';
import { DeploymentRig, debug, MINUTE_MS, oneEndpoint, SLOTS } from './rig.ts';

const rig = new DeploymentRig();
/** When the function sent the smoke test, epoch ms; without the SDK's retries. */
let sent: number[];

/** How long the SDK repeats one call at most, in ms. */
const SDK_RETRIES_MS = 20_000;

/** Settings whose smoke test this version passes. */
const expecting = (version: string): Settings => ({ expects: etagOf(version).replaceAll('"', '') });

/** SageMaker throttles the smoke tests until `allow`. */
function throttle(): void {
  sent = [];
  rig.account.interfere = ({ operation, caller }) => {
    if (operation !== 'InvokeEndpoint' || !isFunction(caller)) return;
    const now = rig.account.clock.now();
    if (now - (sent.at(-1) ?? 0) > SDK_RETRIES_MS) sent.push(now);
    throw new AwsError('ThrottlingException', 'Rate exceeded', 400);
  };
}

/** Swaps to `v3`, whose smoke tests have no answer. Returns what served before. */
async function swapUntested(from: 'a' | 'b', settings: Settings): Promise<string> {
  const before = await rig.liveOn(from);
  await rig.account.deploy(oneEndpoint(settings));
  expect(rig.movers()).toEqual([]);
  throttle();
  await rig.account.upload('v3');
  await rig.account.until('the smoke tests have no answer', () => sent.length > 1);
  return before;
}

/** How the refreshes to `v3` and the deployments since have ended. */
async function ends(): Promise<string[]> {
  const records = await rig.account.history();
  const served = await rig.servedRevision();
  return records.flatMap(({ outcome, revision }) => (revision === served ? [outcome] : []));
}

describe.each(SLOTS)('a deployment after a swap from slot %s whose smoke tests have no answer', (slot) => {
  test('does not wait for one; the tests go on in growing pauses, and what they say is published', async () => {
    await swapUntested(slot, expecting('v3'));
    await rig.account.deploy(oneEndpoint({ ...expecting('v3'), ...debug }));
    expect(await ends()).toEqual(['deployed']);
    sent.length = 0;
    await rig.account.pass(60 * MINUTE_MS);
    const pauses = sent.slice(1).map((at, index) => Math.round((at - sent[index]!) / MINUTE_MS));
    expect(pauses).toEqual([5, 10, 15, 15]);
    expect(rig.account.decisions.some(({ decision }) => decision === 'stalled')).toBe(true);

    rig.allow();
    await rig.account.settle();
    expect((await ends()).toSorted()).toEqual(['deployed', 'succeeded']);
    const { warning } = (await rig.account.history()).find(({ outcome }) => outcome === 'succeeded') as {
      warning?: string;
    };
    expect(warning).toBeUndefined();
    expect(rig.movers()).toEqual(['controller', 'stack']);
    await rig.expectServed('v3');
    expect((await rig.account.state()).rollout).toBeUndefined();
  });

  test('is followed by the quarantine and the way back when the answer is wrong', async () => {
    const before = await swapUntested(slot, expecting('other'));
    await rig.account.deploy(oneEndpoint({ ...expecting('other'), ...debug }));
    const tested = await rig.servedRevision();
    rig.allow();
    await rig.account.settle();
    expect((await rig.account.state()).quarantine).toMatchObject([
      { revision: tested, message: expect.stringMatching(/^Smoke test 1 of 1 failed/), failedSmokeTests: true },
    ]);
    expect(rig.movers()).toEqual(['controller', 'stack', 'controller']);
    await rig.expectServed(before);
  });

  test('and its rollback leave the tests to be sent again', async () => {
    await swapUntested(slot, expecting('v3'));
    await expect(rig.account.deploy({ ...oneEndpoint({ ...expecting('v3'), ...debug }), fails: true })).rejects.toThrow(
      /UPDATE_ROLLBACK_COMPLETE/,
    );
    rig.allow();
    await rig.account.settle();
    expect(await ends()).toContain('succeeded');
    await rig.expectServed('v3');
  });

  test('leaves a newer upload to be served, and publishes that the older one was not tested', async () => {
    await swapUntested(slot, expecting('v4'));
    const tested = await revisionUnderTest();
    const deployed = rig.account.start(oneEndpoint({ ...expecting('v4'), ...debug }));
    await rig.account.until('the deployment is admitted', () =>
      rig.account.decisions.some(({ reason }) => reason === 'DeploymentAdmitted'),
    );
    await rig.account.upload('v4');
    await rig.account.run(deployed);
    await rig.account.pass(MINUTE_MS);
    rig.allow();
    await rig.account.settle();
    const refresh = (await rig.account.history()).find(
      ({ outcome, revision }) => outcome === 'succeeded' && revision === tested,
    );
    expect(refresh).toMatchObject({ warning: expect.stringMatching(/^Not tested: /) });
    await rig.expectServed('v4');
  });
});

async function revisionUnderTest(): Promise<string | undefined> {
  return (await rig.account.state()).rollout?.revision;
}
