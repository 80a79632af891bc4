import { reconcileRequest } from '@freshpoint/cdk/contract';
import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { EngineError, StateConflict } from '../../src/errors.ts';
import { accepted, endpoint, NOON, quiet, servedV1, spec, v1 } from '../policy/situations.ts';
import { denied, message, World } from './fakes.ts';

const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

describe('a swap', () => {
  test('records the update before the call, and whether it was accepted after it', async () => {
    const world = new World();
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.calls).toEqual([
      'read',
      'describe',
      'sources',
      'stack',
      'check',
      'write updating',
      'update config-b',
      'publish started',
      'write updating accepted',
      'requeue',
    ]);
    expect(world.state.rollout).toMatchObject({ slot: 'b', revision: 'v2', accepted: true });
    expect(world.requeued).toEqual([['handle-1', 300]]);
    expect(world.decisions).toMatchObject([{ decision: 'started' }, { decision: 'swap', revision: 'v2', slot: 'b' }]);
  });

  test('is not made when the state was written in the meantime', async () => {
    const world = new World();
    const { write } = world.ports.states;
    world.ports.states.write = async (store, state) => write(store, state, 'older');
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.calls).not.toContain('update config-b');
    expect(world.requeued).toEqual([['handle-1', 5]]);
  });

  test('that SageMaker rejects as busy removes its record and waits', async () => {
    const world = new World();
    const error = new Error('Cannot update in-progress endpoint "arn".');
    world.updateOutcome = { kind: 'rejected', busy: true, error };
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.state.rollout).toEqual(servedV1.rollout);
    expect(world.requeued).toEqual([['handle-1', 30]]);
    expect(world.published).toEqual([]);
  });

  test('that is rejected for another reason removes its record and pauses, longer each time', async () => {
    const world = new World();
    world.updateOutcome = { kind: 'rejected', busy: false, error: new Error('not authorized to perform: x') };
    for (const seconds of [60, 120, 300]) {
      expect(await reconcileBatch(world.ports, [message('1', 4)])).toEqual(['1']);
      expect(world.state.rollout).toEqual(servedV1.rollout);
      expect(world.requeued.at(-1)).toEqual(['handle-1', seconds]);
      world.now += seconds * 1000;
    }
    expect(world.calls.filter((call) => call === 'error')).toHaveLength(3);
    expect(world.state.retries).toMatchObject({ revision: 'v2', attempts: 3, stage: 'call', fault: 'role' });
  });

  test('whose call got no answer stays recorded for the next pass to conclude', async () => {
    const world = new World();
    world.fail['update config-b'] = new Error('socket hang up');
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.state.rollout).toMatchObject({ slot: 'b', revision: 'v2' });
    expect(world.state.rollout).not.toHaveProperty('accepted');
  });
});

test('smoke tests are sent first: after a long listing, the function would end while it waits for the answers', async () => {
  const world = new World();
  const data = { bucket: 'data', root: 'Iris/Endpoint/slots/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
  world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
  world.state = { ...servedV1, rollout: accepted };
  world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON - 1000 };
  const order: string[] = [];
  const { run } = world.ports.smokeTests;
  const { observe } = world.ports.sources;
  world.ports.smokeTests.run = (...given) => {
    order.push('tests');
    return run(...given);
  };
  world.ports.sources.observe = (...given) => {
    order.push('sources');
    return observe(...given);
  };
  await reconcileBatch(world.ports, [message('1')]);
  expect(order).toEqual(['tests', 'sources']);
  expect(world.published).toEqual(['succeeded']);
});

test('an answer from before the update does not undo it once its smoke tests were sent', async () => {
  const world = new World();
  const data = { bucket: 'data', root: 'Iris/Endpoint/slots/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
  world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
  // The reply to UpdateEndpoint was lost.
  world.state = { ...servedV1, rollout: { ...accepted, accepted: undefined } };
  world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
  world.fail.sources = denied;
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ phase: 'testing', verdict: { kind: 'passed' } });
  world.fail = {};
  world.endpoint = endpoint;
  await reconcileBatch(world.ports, [message('1')]);
  expect(world.state.rollout).toMatchObject({ phase: 'testing' });
  expect(world.calls.filter((call) => call.startsWith('update'))).toEqual([]);
});

describe('a conclusion', () => {
  const refused = () => {
    const world = new World();
    world.state = { ...servedV1, rollout: accepted };
    world.endpoint = { ...endpoint, lastModified: NOON - 1000, failureReason: 'did not pass the ping health check' };
    return world;
  };

  test('is published before the update is removed from the state, and counted', async () => {
    const world = refused();
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.calls).toEqual(['read', 'describe', 'sources', 'append history', 'publish refused', 'write']);
    expect(world.metrics).toEqual({ Quarantines: 1 });
    expect(world.decisions).toMatchObject([
      { decision: 'refused', reason: 'Quarantined' },
      { decision: 'done', reason: 'Quarantined', message: 'did not pass the ping health check' },
    ]);
  });

  test('is published and counted once, although two passes make it at the same time', async () => {
    const world = refused();
    const both = await Promise.all([
      reconcileBatch(world.ports, [message('1')]),
      reconcileBatch(world.ports, [message('2')]),
    ]);
    expect(both.flat()).toHaveLength(1);
    expect(world.published).toEqual(['refused']);
  });

  test('that could not be published stays in the state', async () => {
    const world = refused();
    world.fail['publish refused'] = throttled;
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.state.rollout).toBeDefined();
  });

  test('of a success counts the swap and the time from upload to served', async () => {
    const world = new World();
    world.state = { ...servedV1, rollout: accepted };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.metrics).toMatchObject({ Swaps: 1, UploadToServed: 600 });
  });
});

describe('reconcile requests', () => {
  test('of one batch for one endpoint cause one pass, and the freshest message stays', async () => {
    const world = new World();
    const open = await reconcileBatch(world.ports, [message('1', 9), message('2', 2), message('3', 5)]);
    expect(open).toEqual(['2']);
    expect(world.calls.filter((call) => call === 'read')).toHaveLength(1);
  });

  test('for several endpoints cause one pass each', async () => {
    const world = new World();
    world.sources = v1;
    world.state = quiet;
    const other = JSON.stringify(reconcileRequest('Iris/Other'));
    expect(await reconcileBatch(world.ports, [message('1'), message('2', 1, other)])).toEqual([]);
    expect(world.decisions.map((entry) => entry.endpoint).sort()).toEqual(['Iris/Endpoint', 'Iris/Other']);
  });

  test('wait for a spec that the stack is still creating, and are done when it does not', async () => {
    const world = new World();
    world.spec = undefined;
    world.stack = { kind: 'deploying', status: 'CREATE_IN_PROGRESS' };
    const first = JSON.stringify({ ...reconcileRequest('Iris/Endpoint'), stackId: 'stack' });
    expect(await reconcileBatch(world.ports, [message('1', 1), message('2', 9, first)])).toEqual(['2']);
    expect(world.requeued).toEqual([['handle-2', 30]]);
    world.stack = { kind: 'gone', status: 'DELETE_COMPLETE' };
    expect(await reconcileBatch(world.ports, [message('2', 9, first)])).toEqual([]);
  });

  test('come back when the spec was created, and the deployment ended, during the pass', async () => {
    const world = new World();
    const { spec } = world;
    world.spec = undefined;
    world.ports.stacks.describe = async () => {
      world.spec = spec;
      return { kind: 'idle', status: 'CREATE_COMPLETE' };
    };
    const first = JSON.stringify({ ...reconcileRequest('Iris/Endpoint'), stackId: 'stack' });
    expect(await reconcileBatch(world.ports, [{ ...message('1'), body: first }])).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 1]]);
  });

  test.each([
    ['the stack exists without the endpoint', { kind: 'idle', status: 'UPDATE_COMPLETE' }],
    ['the stack is gone', { kind: 'gone', status: 'DELETE_COMPLETE' }],
    ['the stack may not be described either', 'denied'],
  ] as const)('are done when the role may no longer read the spec and %s', async (_, stack) => {
    const world = new World();
    const denied = Object.assign(new Error('not authorized to perform: x'), { name: 'AccessDeniedException' });
    world.fail.read = denied;
    if (stack === 'denied') world.fail.stack = denied;
    else world.stack = stack;
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.calls).toContain('error');
    // With its last endpoint, a stack takes both permissions back: one that is left shows that the other is denied.
    const isDeniedByOthers = stack !== 'denied' && stack.kind === 'idle';
    expect(world.metrics.Stalled).toBe(isDeniedByOthers ? 1 : undefined);
    const reason = isDeniedByOthers ? 'StateUnavailable' : 'SpecGone';
    expect(world.decisions).toMatchObject([{ decision: isDeniedByOthers ? 'stalled' : 'done', reason }]);
  });

  test.each([
    ['the stack is being deployed', { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' }],
    ['CloudFormation does not say', 'throttled'],
  ] as const)('come back when the role may not read the spec and %s', async (_, stack) => {
    const world = new World();
    world.fail.read = Object.assign(new Error('not authorized to perform: x'), { name: 'AccessDeniedException' });
    if (stack === 'throttled') world.fail.stack = throttled;
    else world.stack = stack;
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
  });

  test('are done once CloudFormation has begun to delete the endpoint, and nothing is written', async () => {
    const world = new World();
    world.state = { ...servedV1, endedAt: NOON };
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.calls).toEqual(['read']);
    expect(world.decisions).toMatchObject([{ decision: 'done', reason: 'EndpointDeleted' }]);
  });

  test('are done when the spec is gone', async () => {
    const world = new World();
    world.spec = undefined;
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
  });

  test.each(['read', 'describe', 'sources', 'stack', 'write updating', 'update config-b'])(
    'are requeued with a growing pause when %s is throttled',
    async (call) => {
      const world = new World();
      world.fail[call] = throttled;
      expect(await reconcileBatch(world.ports, [message('1', 1)])).toEqual(['1']);
      expect(await reconcileBatch(world.ports, [message('1', 2)])).toEqual(['1']);
      expect(await reconcileBatch(world.ports, [message('1', 500)])).toEqual(['1']);
      expect(world.requeued.map(([, seconds]) => seconds)).toEqual([15, 30, 300]);
    },
  );

  test('know that the update was accepted although the event bus is throttled', async () => {
    const world = new World();
    world.fail['publish started'] = throttled;
    expect(await reconcileBatch(world.ports, [message('1', 1)])).toEqual(['1']);
    expect(world.state.rollout).toMatchObject({ phase: 'updating', accepted: true });
  });

  test('with the longest pause become visible at the same instant, so that they meet', async () => {
    const world = new World();
    world.fail.read = throttled;
    world.now = NOON + 40_000;
    await reconcileBatch(world.ports, [message('1', 20)]);
    world.now = NOON + 299_000;
    await reconcileBatch(world.ports, [message('2', 700)]);
    expect(world.requeued).toEqual([
      ['handle-1', 260],
      ['handle-2', 1],
    ]);
  });

  test('stay in the queue when even their visibility cannot be set', async () => {
    const world = new World();
    world.fail.requeue = throttled;
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
  });

  test('that only a person can resolve go to the dead-letter queue with the reason', async () => {
    const world = new World();
    world.endpoint = { ...endpoint, status: 'Failed', failureReason: 'no capacity' };
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.deadLetters).toEqual([[message('1').body, expect.stringContaining('no capacity')]]);
    expect(world.metrics.ReconcilesStalled).toBe(1);
  });

  test('whose parameters cannot be parsed go to the dead-letter queue', async () => {
    const world = new World();
    world.fail.read = new EngineError('SPEC_UNREADABLE', 'SSM parameter /x: …');
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual([]);
    expect(world.deadLetters[0]?.[1]).toContain('SPEC_UNREADABLE');
    expect(world.decisions).toMatchObject([
      { endpoint: 'Iris/Endpoint', decision: 'stalled', reason: 'SPEC_UNREADABLE', message: 'SSM parameter /x: …' },
    ]);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"version":2,"endpoint":"x"}',
    '{"version":1}',
    '{"version":1,"endpoint":""}',
    '{"version":1,"endpoint":"Iris/x y"}',
    '{"version":1,"endpoint":"Iris"}',
    '{"version":1,"endpoint":"../Iris"}',
  ])('that cannot be parsed go to the dead-letter queue and do not affect others: %j', async (body) => {
    const world = new World();
    world.sources = v1;
    expect(await reconcileBatch(world.ports, [message('bad', 1, body), message('1')])).toEqual([]);
    expect(world.deadLetters).toEqual([[body, expect.stringContaining('Expected')]]);
    expect(world.decisions).toMatchObject([{ decision: 'done', reason: 'Serving' }]);
  });

  test('stay in the queue when the dead-letter queue rejects them', async () => {
    const world = new World();
    world.fail['dead-letter'] = throttled;
    expect(await reconcileBatch(world.ports, [message('bad', 1, '{')])).toEqual(['bad']);
  });

  test('are requeued soon after a lost race', async () => {
    const world = new World();
    world.fail['write updating'] = new StateConflict('state');
    expect(await reconcileBatch(world.ports, [message('1')])).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 5]]);
  });
});
