import { beforeEach, describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { nameFailedCall } from '../../src/errors.ts';
import { isStallRecord } from '../../src/policy/history.ts';
import type { StallEvent } from '../../src/policy/stalled.ts';
import { accepted, endpoint, MINUTE, NOON, quiet, servedV1, spec, testing, v1, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

let world: World;
let stalls: StallEvent[];
beforeEach(() => {
  world = new World();
  stalls = [];
  const { publish } = world.ports.eventBus;
  world.ports.eventBus.publish = async (id, name, events) => {
    await publish(id, name, events);
    for (const event of events) if (event.type === 'stalled' || event.type === 'recovered') stalls.push(event);
  };
});

async function passFor(minutes: number): Promise<void> {
  const until = world.now + minutes * MINUTE;
  while (world.now < until) {
    await reconcileBatch(world.ports, [message('1')]);
    world.now += 5 * MINUTE;
  }
}

const quota = Object.assign(new Error("The account-level service limit 'ml.g5.2xlarge' is 1 Instances."), {
  name: 'ResourceLimitExceeded',
});
const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
nameFailedCall(denied, { service: 's3', operation: 'HeadObject', input: { Bucket: 'models', Key: 'model.tar.gz' } });

const group = 'arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris';
const version = 'arn:aws:sagemaker:us-east-1:000000000000:model-package/iris/7';

describe('what keeps the newest revision from being served', () => {
  test('is a metric only while there is something: CloudWatch charges for every hour with one', async () => {
    world.state = quiet;
    world.sources = v1;
    await passFor(60);
    expect(world.decisions.at(-1)).toMatchObject({ decision: 'done', reason: 'Serving' });
    expect(world.metrics).toEqual({});
  });

  test('is published again if only the history knows of it, and its end once', async () => {
    const since = NOON - 60 * MINUTE;
    const stalled = { since, reason: 'Retrying', message: 'no quota', published: true, rebuilt: true } as const;
    world.state = { ...servedV1, stalled };
    world.updateOutcome = { kind: 'rejected', busy: false, error: quota };
    await passFor(60);
    expect(stalls).toMatchObject([{ type: 'stalled', since }]);
    expect(world.metrics.Stalled).toBe(1);
    world.sources = v1;
    await passFor(60);
    expect(stalls).toMatchObject([
      { type: 'stalled', since },
      { type: 'recovered', since },
    ]);
  });

  test('ends with an event if only the history knows of it', async () => {
    const since = NOON - 60 * MINUTE;
    const stalled = { since, reason: 'Retrying', message: 'no quota', published: true, rebuilt: true } as const;
    world.state = { ...quiet, stalled };
    world.sources = v1;
    await passFor(10);
    expect(stalls).toMatchObject([{ type: 'recovered', since }]);
  });

  test('is published once after half an hour, with the call, the ARN and what to do, and once when it ends', async () => {
    world.updateOutcome = { kind: 'rejected', busy: false, error: quota };
    await passFor(25);
    expect(stalls).toEqual([]);
    await passFor(7 * 24 * 60);
    expect(stalls).toMatchObject([{ type: 'stalled', reason: 'Retrying', since: NOON, revision: 'v2' }]);
    expect(stalls[0]?.message).toContain(
      'sagemaker:UpdateEndpoint on arn:aws:sagemaker:us-east-1:000000000000:endpoint/iris was rejected',
    );
    expect(stalls[0]?.message).toContain(
      "quota): ResourceLimitExceeded: The account-level service limit 'ml.g5.2xlarge'",
    );
    expect(stalls[0]?.message).toContain('Request a higher quota');
    expect(world.metrics.Stalled).toBe(1);
    expect(world.decisions.filter(({ decision }) => decision === 'stalled')).toHaveLength(1);

    world.updateOutcome = { kind: 'accepted' };
    while (world.state.rollout?.phase !== 'updating' || !world.state.rollout.accepted) await passFor(5);
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: world.now };
    await passFor(5);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled', 'recovered']);
    expect(world.state.stalled).toBeUndefined();
    expect(world.metrics.Stalled).toBe(0);
    expect(world.history.filter(isStallRecord)).toMatchObject([
      { outcome: 'stalled', at: new Date(NOON).toISOString(), seconds: 1800, reason: 'Retrying' },
      { outcome: 'recovered', at: new Date(NOON).toISOString() },
    ]);
  });

  test.each([
    ['in progress', {}],
    ['in use', { inUse: true }],
  ] as const)('can be an endpoint in service of which UpdateEndpoint says for ever that it is %s', async (_, why) => {
    const error = Object.assign(new Error('Cannot update in-progress endpoint'), { name: 'ValidationException' });
    world.updateOutcome = { kind: 'rejected', busy: true, ...why, error };
    await passFor(25);
    expect(stalls).toEqual([]);
    await passFor(24 * 60);
    expect(stalls).toMatchObject([{ type: 'stalled', reason: 'EndpointBusy', since: NOON, revision: 'v2' }]);
    expect(stalls[0]?.message).toContain('Cannot update in-progress endpoint');
    world.sources = v1;
    await passFor(10);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled', 'recovered']);
  });

  test('is recorded although another pass writes the state while it is published, after a rejected call', async () => {
    world.spec = { ...spec, stalledAfter: 0 };
    world.updateOutcome = { kind: 'rejected', busy: false, error: quota };
    const { publish } = world.ports.eventBus;
    world.ports.eventBus.publish = async (id, name, events) => {
      await publish(id, name, events);
      if (!events.some(({ type }) => type === 'stalled')) return;
      world.ports.eventBus.publish = publish;
      world.state = { ...servedV1, suspension: { by: 'ada', at: world.now } };
      world.version += 1;
    };
    await passFor(5);
    expect(world.state).toMatchObject({ stalled: { published: true }, suspension: { by: 'ada' } });
  });

  test.each([
    ['an error', () => Object.assign(world.fail, { sources: denied })],
    ['a decision', () => Object.assign(world, { updateOutcome: { kind: 'rejected', busy: false, error: quota } })],
  ])('is recorded although another pass writes the state while it is published, after %s', async (_, block) => {
    block();
    await passFor(25);
    const { publish } = world.ports.eventBus;
    world.ports.eventBus.publish = async (id, name, events) => {
      await publish(id, name, events);
      world.ports.eventBus.publish = publish;
      // What it decided from was read before the stall was published.
      world.state = { ...servedV1, suspension: { by: 'ada', at: world.now } };
      world.version += 1;
    };
    await passFor(10);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled']);
    expect(world.state).toMatchObject({ stalled: { published: true }, suspension: { by: 'ada' } });
    delete world.fail.sources;
    world.sources = v1;
    await passFor(5);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled', 'recovered']);
  });

  test.each([
    ['ListModelPackages', { ModelPackageGroupName: 'iris' }, group.replace('111111111111', '000000000000')],
    ['ListModelPackages', { ModelPackageGroupName: group }, group],
    ['DescribeModelPackage', { ModelPackageName: version }, version],
  ])('names the group or the package that a denied %s is about', async (operation, input, arn) => {
    const error = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    nameFailedCall(error, { service: 'sagemaker', operation, input });
    world.ports.sources.observe = () => Promise.reject(error);
    await passFor(40);
    expect(stalls[0]?.message).toContain(`sagemaker:${operation} on ${arn} failed: AccessDeniedException`);
  });

  test('is named by its status where S3 answers without a body', async () => {
    const silent = Object.assign(new Error('UnknownError'), { name: 'Unknown', $metadata: { httpStatusCode: 403 } });
    nameFailedCall(silent, {
      service: 's3',
      operation: 'HeadObject',
      input: { Bucket: 'models', Key: 'model.tar.gz' },
    });
    world.fail.sources = silent;
    await passFor(60);
    expect(stalls[0]?.message).toContain(
      'failed: HTTP status 403, without a message. Grant this to the refresher’s role',
    );
  });

  test('names what to do about an object that is archived, to which no permission helps', async () => {
    const archived = new Error("The operation is not valid for the object's storage class");
    Object.assign(archived, { name: 'InvalidObjectState', $metadata: { httpStatusCode: 403 } });
    nameFailedCall(archived, { service: 's3', operation: 'GetObject', input: { Bucket: 'models', Key: 'm.tar.gz' } });
    world.fail.sources = archived;
    await passFor(60);
    expect(stalls[0]?.message).toMatch(/storage class\. Restore the object, or upload it in another storage class\.$/);
  });

  test('can be a call of the controller that is denied', async () => {
    world.fail.sources = denied;
    await passFor(60);
    expect(stalls).toMatchObject([{ type: 'stalled', reason: 'CallFailed' }]);
    expect(stalls[0]?.message).toBe(
      's3:HeadObject on arn:aws:s3:::models/model.tar.gz failed: AccessDenied: Access Denied. Grant this to the ' +
        'refresher’s role; for an encrypted object, kms:Decrypt on its key, too.',
    );
    delete world.fail.sources;
    world.sources = v1;
    await passFor(5);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled', 'recovered']);
  });

  const expectCountedAfterHalfAnHour = async () => {
    const old = { ...message('1'), firstReceivedAt: NOON };
    await reconcileBatch(world.ports, [old]);
    expect(world.metrics.Stalled).toBeUndefined();
    world.now += 30 * MINUTE;
    await reconcileBatch(world.ports, [old]);
    expect(world.metrics.Stalled).toBe(1);
  };

  test('is logged and counted even if the state cannot be read', async () => {
    world.fail.read = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    await expectCountedAfterHalfAnHour();
    expect(world.decisions.at(-1)).toMatchObject({ decision: 'stalled', reason: 'StateUnavailable' });
  });

  test.each<[string, Partial<World>]>([
    ['rebuilt', { state: { version: 1, lostAt: NOON - 60 * MINUTE }, fail: { sources: denied } }],
    ['marked as lost', { hasState: false, fail: { 'write lost': denied } }],
  ])('is logged and counted even if a lost state cannot be %s', async (_, change) => {
    Object.assign(world, change);
    const { write } = world.ports.states;
    world.ports.states.write = (store, state, after) =>
      state.lostAt !== undefined && world.fail['write lost'] ? Promise.reject(denied) : write(store, state, after);
    await expectCountedAfterHalfAnHour();
    expect(world.decisions.at(-1)).toMatchObject({
      decision: 'stalled',
      reason: 'StateUnavailable',
      message: expect.stringContaining('s3:HeadObject on arn:aws:s3:::models/model.tar.gz failed'),
    });
  });

  test('is not what a call failed of before an update of the controller and during it, if that takes long', async () => {
    world.fail.sources = denied;
    await passFor(5);
    expect(world.state.stalled).toMatchObject({ since: NOON, reason: 'CallFailed' });
    world.fail = {};
    await passFor(5);
    expect(world.state.rollout).toMatchObject({ phase: 'updating', accepted: true });
    world.endpoint = { ...endpoint, status: 'Updating', pendingConfigName: 'config-b', lastModified: world.now };
    await passFor(40);
    world.fail.describe = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    await passFor(5);
    world.fail = {};
    await passFor(40);
    world.fail.describe = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    await passFor(5);
    expect(stalls).toEqual([]);
    world.fail.describe = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    await passFor(35);
    expect(stalls).toMatchObject([{ type: 'stalled', reason: 'CallFailed' }]);
  });

  test('is not what blocked it before a suspension and after it', async () => {
    world.fail.sources = denied;
    await passFor(5);
    world.fail = {};
    world.state = { ...world.state, suspension: { by: 'ada', at: world.now } };
    await passFor(60);
    const { suspension: _, ...resumed } = world.state;
    world.state = resumed;
    world.fail.sources = denied;
    await passFor(30);
    expect(stalls).toEqual([]);
    await passFor(5);
    expect(stalls).toMatchObject([{ since: NOON + 65 * MINUTE }]);
  });

  test('has the limit that the stack declares', async () => {
    world.spec = { ...spec, stalledAfter: 3600 };
    world.fail.sources = denied;
    await passFor(60);
    expect(stalls).toEqual([]);
    await passFor(5);
    expect(stalls).toHaveLength(1);
  });

  test('can be a deployment, a missing source or a busy endpoint with something newer to serve', async () => {
    world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
    await passFor(35);
    expect(stalls).toMatchObject([{ reason: 'StackBusy' }]);
    world = Object.assign(world, { state: quiet, sources: { kind: 'missing', uris: ['s3://models/model.tar.gz'] } });
    await passFor(35);
    expect(stalls.at(-1)).toMatchObject({ reason: 'SourceMissing' });
    world = Object.assign(world, { state: quiet, sources: v2, endpoint: { ...endpoint, status: 'SystemUpdating' } });
    await passFor(35);
    expect(stalls.at(-1)).toMatchObject({ reason: 'EndpointBusy' });
    expect(stalls).toHaveLength(3);
  });

  const files = [{ bucket: 'models', key: 'model.tar.gz' }];
  const perSlot = { ...spec, data: { bucket: 'data', root: 'Iris/Endpoint/slots/', files } };
  test.each<[string, string, Partial<World>]>([
    ['sources that always change while they are copied', 'SourceChanged', { stagingOutcome: { kind: 'changed' } }],
    ['sources that always change while they are checked', 'SourceChanged', { check: { kind: 'changed' } }],
    ['a revision that something removes from the store', 'NewRevision', { stagingOutcome: { kind: 'missing' } }],
  ])('can be %s', async (_, reason, change) => {
    Object.assign(world, { spec: perSlot, state: quiet, ...change });
    await passFor(60);
    expect(stalls).toMatchObject([{ type: 'stalled', reason, revision: 'v2' }]);
    expect(world.metrics.Stalled).toBe(1);
    Object.assign(world, { stagingOutcome: { kind: 'staged' }, check: { kind: 'passed', warnings: [] } });
    await passFor(5);
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: world.now };
    await passFor(5);
    expect(stalls.map(({ type }) => type)).toEqual(['stalled', 'recovered']);
  });

  const smokeTests = [{ payload: '1', contentType: 'text/csv' }];
  const inB = { ...endpoint, configName: 'config-b', lastModified: NOON - 1000 };

  test.each([
    [1, []],
    [5, ['The smoke tests are sent, attempt 5. Those before had no answer, or ended the function: see its log.']],
  ])('can be smoke tests that end the function: sent %i times', async (attempts, messages) => {
    const rollout = testing(attempts, { nextTestAt: NOON + 90 * MINUTE });
    Object.assign(world, { spec: { ...perSlot, smokeTests }, state: { ...quiet, rollout }, endpoint: inB });
    await passFor(60);
    expect(stalls.map(({ message: text }) => text)).toEqual(messages);
  });

  test('can be slot data that something removes as soon as it is staged', async () => {
    Object.assign(world, { spec: perSlot, state: quiet });
    world.ports.revisions.observe = async () => ({});
    await passFor(60);
    const message = 'The slot data changed after it was staged.';
    expect(stalls).toMatchObject([{ type: 'stalled', revision: 'v2', message }]);
  });

  test('ends with the refresh, which is published once even if another pass has just begun to publish the end', async () => {
    world.state = {
      ...servedV1,
      rollout: accepted,
      stalled: { since: NOON, reason: 'x', message: '', published: true },
    };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    const { append } = world.ports.history;
    let isClaimed = true;
    world.ports.history.append = async (store, record) =>
      isClaimed && record.outcome === 'recovered' ? NOON : append(store, record);
    await reconcileBatch(world.ports, [message('1')]);
    expect(world.published).toEqual([]);
    isClaimed = false;
    await reconcileBatch(world.ports, [message('1')]);
    expect(world.published).toEqual(['succeeded', 'recovered']);
  });

  test('has ended once, although another pass writes the state just then and something newer settles', async () => {
    const stalled = { since: NOON - 90 * MINUTE, reason: 'CallFailed', message: 'throttled', published: true } as const;
    world.state = { ...quiet, stalled };
    world.sources = v1;
    const { publish } = world.ports.eventBus;
    world.ports.eventBus.publish = async (...given) => {
      await publish(...given);
      world.version += 1;
      world.sources = { ...v2, newest: world.now };
      world.ports.eventBus.publish = publish;
    };
    await reconcileBatch(world.ports, [message('1')]);
    expect(stalls.map(({ type }) => type)).toEqual(['recovered']);
    expect(world.decisions.at(-1)).toMatchObject({ reason: 'Settling' });
    expect(world.state.stalled).toBeUndefined();
  });

  test('has ended once, although another pass writes the state just then and the sources cannot be read any more', async () => {
    const stalled = { since: NOON - 90 * MINUTE, reason: 'CallFailed', message: 'throttled', published: true } as const;
    Object.assign(world, { state: { ...quiet, stalled }, sources: v1 });
    const { publish } = world.ports.eventBus;
    world.ports.eventBus.publish = async (...given) => {
      await publish(...given);
      world.version += 1;
      world.fail.sources = denied;
    };
    await reconcileBatch(world.ports, [message('1')]);
    expect(world.state.stalled?.published).toBeUndefined();
    world.fail = {};
    await reconcileBatch(world.ports, [message('1')]);
    expect(stalls.map(({ type }) => type)).toEqual(['recovered']);
  });

  test('is published at once when only a person can end it', async () => {
    world.endpoint = { ...endpoint, status: 'Failed', failureReason: 'no capacity' };
    await reconcileBatch(world.ports, [message('1')]);
    await reconcileBatch(world.ports, [message('2')]);
    expect(stalls).toMatchObject([{ reason: 'EndpointFailed' }]);
  });
});

describe('no stall is', () => {
  test.each<[string, () => Partial<World>]>([
    ['a suspension', () => ({ state: { ...servedV1, suspension: { by: 'ada', at: NOON } } })],
    [
      'an update of the controller that takes hours',
      () => ({
        state: { ...servedV1, rollout: accepted },
        endpoint: { ...endpoint, status: 'Updating', pendingConfigName: 'config-b' },
      }),
    ],
    ['settling', () => ({ spec: { ...spec, waitTime: 12 * 3600 } })],
    [
      'a busy endpoint with nothing newer to serve',
      () => ({ endpoint: { ...endpoint, status: 'SystemUpdating' }, sources: v1, state: quiet }),
    ],
  ])('%s', async (_, change) => {
    Object.assign(world, change());
    await passFor(180);
    expect(stalls).toEqual([]);
  });
});

test('a message that cannot be read is logged and counted', async () => {
  await reconcileBatch(world.ports, [message('1', 1, 'nonsense')]);
  expect(world.calls).toContain('error');
  expect(world.metrics.MessagesUnreadable).toBe(1);
  expect(world.deadLetters).toHaveLength(1);
});
