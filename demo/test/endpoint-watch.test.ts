import { describe, expect, test } from 'vitest';
import { type EndpointSnapshot, EndpointWatch } from '../endpoint-watch.ts';
import { LaneHistory, label } from '../timeline/lanes.ts';
import { VirtualClock } from './virtual-time.ts';

const A: EndpointSnapshot = { EndpointName: 'iris', EndpointStatus: 'InService', EndpointConfigName: 'config-a' };
const B: EndpointSnapshot = { ...A, EndpointConfigName: 'config-b' };
const updating = (view: EndpointSnapshot, pending?: string): EndpointSnapshot => ({
  ...view,
  EndpointStatus: 'Updating',
  PendingDeploymentSummary: pending === undefined ? undefined : { EndpointConfigName: pending },
});

async function watch(first: EndpointSnapshot) {
  const clock = new VirtualClock();
  let view: EndpointSnapshot | Error = first;
  let newest = 'v1';
  const watched = new EndpointWatch({
    describe: async () => {
      if (view instanceof Error) throw view;
      return view;
    },
    clock,
    newest: () => newest,
    onPoll: () => undefined,
  });
  await watched.start();
  const see = async (next: EndpointSnapshot | Error, upload?: string) => {
    view = next;
    newest = upload ?? newest;
    await clock.advance(200);
    return watched.lanes().map((lane) => `${lane.name} ${label(lane)}`);
  };
  return { watched, see, clock };
}

describe('the endpoint watch', () => {
  test('follows a swap from slot A to slot B', async () => {
    const { watched, see } = await watch(A);
    expect(await see(A)).toEqual(['A serving v1', 'B empty']);
    expect(await see(updating(A, 'config-b'), 'v2')).toEqual(['A serving v1', 'B launching v2']);
    expect(await see(B)).toEqual(['A empty', 'B serving v2']);
    expect([watched.swaps, watched.updates, watched.activeSlot]).toEqual([1, 1, 'B']);
  });

  test('an update that is rolled back is a failure, not a swap', async () => {
    const { watched, see } = await watch(A);
    await see(updating(A, 'config-b'), 'broken');
    expect(await see({ ...A, FailureReason: 'no ping' })).toEqual(['A serving v1', 'B failed broken']);
    expect([watched.swaps, watched.updates]).toEqual([0, 1]);
    expect(watched.describe()).toBe('InService on config-a: no ping');
    expect(await see(updating(A, 'config-b'), 'v2')).toEqual(['A serving v1', 'B launching v2']);
    expect(watched.updates).toBe(2);
  });

  test('a deployment replaces the config of slot A and keeps the model that serves', async () => {
    const first = { ...A, EndpointConfigName: 'iris-1-a' };
    const { watched, see } = await watch(first);
    expect(await see(updating(first, 'iris-2-a'), 'v2')).toEqual(['A redeploying v1', 'B empty']);
    expect(await see({ ...first, EndpointStatus: 'RollingBack' })).toEqual(['A serving v1', 'B empty']);
    await see(first);
    await see(updating(first, 'iris-3-a'));
    expect(await see({ ...first, EndpointConfigName: 'iris-3-a' })).toEqual(['A serving v1', 'B empty']);
    expect([watched.swaps, watched.updates, watched.activeSlot]).toEqual([0, 2, 'A']);
  });

  test('a deployment to slot A keeps the model of slot B, a later refresh of slot A does not', async () => {
    const { see } = await watch({ ...A, EndpointConfigName: 'iris-1-a' });
    const onB = { ...A, EndpointConfigName: 'iris-1-b' };
    const redeployed = { ...A, EndpointConfigName: 'iris-2-a' };
    expect(await see(onB, 'v2')).toEqual(['A empty', 'B serving v2']);
    expect(await see(updating(onB, 'iris-2-a'), 'v3')).toEqual(['A launching v2', 'B serving v2']);
    expect(await see(redeployed)).toEqual(['A serving v2', 'B empty']);
    expect(await see(updating(redeployed, 'iris-2-b'))).toEqual(['A serving v2', 'B launching v3']);
    const refreshed = { ...A, EndpointConfigName: 'iris-2-b' };
    await see(refreshed);
    expect(await see(updating(refreshed, 'iris-2-a'), 'v4')).toEqual(['A launching v4', 'B serving v3']);
  });

  test('counts a swap that began and ended between two polls', async () => {
    const { watched, see } = await watch(A);
    expect(await see(B, 'v2')).toEqual(['A empty', 'B serving v2']);
    expect(watched.swaps).toBe(1);
  });

  test('a creation launches slot A and is not an update', async () => {
    const { watched, see } = await watch({ ...A, EndpointStatus: 'Creating' });
    expect(watched.lanes()[0]).toEqual({ name: 'A', state: 'launching', holds: 'v1' });
    expect(await see(A)).toEqual(['A serving v1', 'B empty']);
    expect([watched.swaps, watched.updates]).toEqual([0, 0]);
  });

  test('continues after a failed poll', async () => {
    const { watched, see, clock } = await watch(A);
    expect(await see(new Error('throttled'))).toEqual(['A serving v1', 'B empty']);
    expect(await see(B)).toEqual(['A empty', 'B serving v1']);
    watched.stop();
    expect(clock.nextAt()).toBeUndefined();
  });
});

describe('the picture of the slots', () => {
  const text = (history: LaneHistory, width: number, now: number) =>
    history.draw(width, now).map((parts) =>
      parts
        .map(([part]) => part)
        .join('')
        .trimEnd(),
    );

  test('shows each state in proportion to its time, and even the shortest', () => {
    const history = new LaneHistory();
    history.record([{ name: 'A', state: 'launching', holds: 'v1' }], 0);
    history.record([{ name: 'A', state: 'serving', holds: 'v1' }], 10_000);
    history.record([{ name: 'A', state: 'failed', holds: 'v1' }], 25_100);
    expect(text(history, 46, 40_000)).toEqual(['slot A  ░░░░░━━━━━━━✘·······  failed v1']);
  });

  test('grows to the right before it is compressed', () => {
    const history = new LaneHistory();
    history.record([{ name: 'A', state: 'serving', holds: 'v1' }], 0);
    expect(text(history, 46, 5000)).toEqual(['slot A  ━━━━━━                serving v1']);
  });

  test('has no bar on a narrow terminal', () => {
    const history = new LaneHistory();
    history.record([{ name: 'A', state: 'serving', holds: 'v1' }], 0);
    expect(text(history, 30, 5000)).toEqual(['slot A    serving v1']);
  });
});
