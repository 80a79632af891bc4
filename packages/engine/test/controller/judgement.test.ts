import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import type { EndpointView } from '../../src/policy/observation.ts';
import {
  accepted,
  endpoint,
  MINUTE,
  NOON,
  onA,
  quiet,
  servedV1,
  settling,
  spec,
  testing,
  v1,
  v2,
} from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const data = { bucket: 'copies', root: 'Iris/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const CAPACITY = [
  'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
  'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.',
];
const inB: EndpointView = { ...endpoint, configName: 'config-b', lastModified: NOON - 10 * MINUTE };
const HOUR = 60 * MINUTE;

let world: World;
beforeEach(() => {
  world = new World();
  world.spec = { ...spec, data };
  world.slots = { a: 'v1', b: 'v2' };
});

/** Passes every five minutes. SageMaker is out of capacity until `shortageEndsAt`, and refuses each update for that. */
async function passUntil(until: number, failureReason: string, shortageEndsAt: number): Promise<number> {
  let updates = 0;
  while (world.now < until) {
    const before = world.calls.length;
    await reconcileBatch(world.ports, [message('1')]);
    world.now += 5 * MINUTE;
    const update = world.calls.slice(before).find((call) => call.startsWith('update '));
    if (update === undefined || world.endpoint === 'gone') continue;
    updates += 1;
    const isRefused = world.now < shortageEndsAt;
    world.endpoint = isRefused
      ? { ...world.endpoint, lastModified: world.now, failureReason }
      : { ...world.endpoint, configName: update.slice(7), lastModified: world.now, failureReason: undefined };
  }
  return updates;
}

describe.each(CAPACITY)('a shortage of three days (%s)', (failureReason) => {
  test('is followed by a good upload that serves within the hour, without a person', async () => {
    world.state = servedV1;
    const updates = await passUntil(NOON + 73 * HOUR, failureReason, NOON + 72 * HOUR);
    expect(world.state.serving?.revision).toBe('v2');
    expect(updates).toBeLessThan(120);
  });

  test('is followed by the way back from a revision that failed its smoke tests', async () => {
    world.endpoint = inB;
    world.state = {
      version: 1,
      serving: { configName: 'config-b', revision: 'v2', newestSource: v2.newest, since: inB.lastModified },
      quarantine: [{ revision: 'v2', at: NOON - 9 * MINUTE, message: 'got nonsense', failedSmokeTests: true }],
    };
    await passUntil(NOON + 73 * HOUR, failureReason, NOON + 72 * HOUR);
    expect(world.state.serving?.revision).toBe('v1');
  });
});

test('the way back that served untested is untested again, and is tested once it is uploaded', async () => {
  world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
  const verdict = { kind: 'failed', message: 'got nonsense' } as const;
  const serving = { ...onA, untested: true } as const;
  world.state = { version: 1, serving, stored: ['v1'], rollout: testing(1, { verdict }) };
  world.endpoint = { ...inB, lastModified: NOON - 1000 };
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ trigger: 'smoke-test', revision: 'v1', slot: 'a' });
  world.now += 5 * MINUTE;
  world.endpoint = { ...endpoint, lastModified: world.now };
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.serving).toMatchObject({ revision: 'v1', untested: true });
  world.sources = { ...v1, newest: world.now };
  world.now += 10 * MINUTE;
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ trigger: 'upload', revision: 'v1' });
});

test('the way back is tried again even if it seems to be at fault', async () => {
  world.state = { ...quiet, pin: { revision: 'v2', by: 'ada', at: NOON - MINUTE, supersedes: 'v2' } };
  world.endpoint = { ...endpoint, lastModified: NOON - 1, failureReason: 'did not pass the ping health check' };
  world.state = { ...world.state, rollout: { ...accepted, trigger: 'pin' } };
  expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
  expect(world.state.quarantine).toBeUndefined();
  expect(world.decisions.at(-1)).toMatchObject({ reason: 'Retrying', revision: 'v2' });
});

test('a quota that is reached pauses the calls instead of hammering', async () => {
  const text = "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 1 Instances.";
  const error = Object.assign(new Error(text), { name: 'ResourceLimitExceeded' });
  world.updateOutcome = { kind: 'rejected', busy: false, error };
  for (let pass = 0; pass < 7 * 288; pass++) {
    await reconcileBatch(world.ports, [message('1', pass + 1)]);
    world.now += 5 * MINUTE;
  }
  const calls = world.calls.filter((call) => call.startsWith('update '));
  expect(calls.length).toBeLessThan(250);
  expect(world.state.quarantine).toBeUndefined();
  expect(world.state.retries).toMatchObject({ revision: 'v2', fault: 'quota', stage: 'call' });
});

test('an answer of DescribeEndpoint from before the last swap stages nothing to the live slot', async () => {
  world.slots = { a: 'v1', b: 'v2' };
  world.sources = { ...v2, revision: 'v3', newest: NOON - 5 * MINUTE };
  world.state = {
    version: 1,
    serving: { ...onA, configName: 'config-b', revision: 'v2', since: NOON - 10_000 },
    rollout: settling('v3', 5 * MINUTE),
  };
  expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
  expect(world.calls).toEqual(['read', 'describe', 'requeue']);
  expect(world.requeued).toEqual([['handle-1', 5]]);
});
