import { beforeEach, describe, expect, test, vi } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { StateConflict } from '../../src/errors.ts';
import { LEASE_TTL_MS } from '../../src/policy/lease.ts';
import { accepted, endpoint, NOON, onA, servedV1, spec, testing, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const data = { bucket: 'copies', root: 'Iris/Endpoint/1/', files: [{ bucket: 'models', key: 'model.tar.gz' }] };
const inB = { ...endpoint, configName: 'config-b', lastModified: NOON - 1000 };

let world: World;
const receive = () => reconcileBatch(world.ports, [message('1')]);

beforeEach(() => {
  world = new World();
  world.spec = { ...spec, data };
  world.slots = { a: 'v1', b: 'v0' };
});

describe('staging', () => {
  test('takes a lease before the first byte, releases it before the swap, and both in one pass', async () => {
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toEqual([
      ...['read', 'describe', 'sources', 'stack', 'slots', 'check'],
      ...['write lease b staging', 'describe', 'stage b v2 from sources', 'keep v2', 'write staging'],
      ...['describe', 'sources', 'stack', 'slots'],
      ...['write updating', 'update config-b', 'publish started', 'write updating accepted', 'requeue'],
    ]);
    expect(world.state.lease).toBeUndefined();
    expect(world.decisions).toMatchObject([
      { decision: 'stage', slot: 'b' },
      { decision: 'started' },
      { decision: 'swap' },
    ]);
  });

  test('does not start for a folder that cannot be copied, whose record has some of its files', async () => {
    world.spec = { ...spec, data: { ...data, files: [{ bucket: 'models', folder: 'llm/' }] } };
    const file = { bucket: 'models', etag: 'e', size: 1, chosenBy: 's3://models/llm/*' };
    const names = ['../x', ...Array.from({ length: 200 }, (_, n) => String(n))];
    world.sources = { ...v2, files: names.map((name) => ({ ...file, key: `llm/${name}` })) };
    await receive();
    expect(world.calls.filter((call) => call.startsWith('stage'))).toEqual([]);
    expect(world.state.quarantine).toMatchObject([{ revision: 'v2', message: expect.stringContaining('llm/../x') }]);
    expect(world.history.map((record) => 'sources' in record && record.sources.length)).toEqual([100]);
  });

  test('does not start when the state was written in the meantime', async () => {
    world.ports.states.write = async () => {
      throw new StateConflict('state');
    };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('stage b v2 from sources');
    expect(world.requeued).toEqual([['handle-1', 5]]);
  });

  test('does not start when the endpoint was moved to that slot in the meantime', async () => {
    const { write } = world.ports.states;
    world.ports.states.write = async (...given) => {
      world.endpoint = inB;
      return write(...given);
    };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('stage b v2 from sources');
    expect(world.state.lease).toBeUndefined();
  });

  test('does not take an answer from before a move for the next move', async () => {
    world.state = { ...servedV1, moved: { configName: 'config-b', endpointModified: inB.lastModified } };
    world.endpoint = inB;
    world.slots = { a: 'v0', b: 'v1' };
    const { write } = world.ports.states;
    world.ports.states.write = async (...given) => {
      world.endpoint = endpoint;
      return write(...given);
    };
    expect(await receive()).toEqual(['1']);
    expect(world.decisions.at(-1)).toMatchObject({ reason: 'EndpointBusy', slot: 'a' });
    expect(world.state.moved).toEqual({ configName: 'config-b', endpointModified: inB.lastModified });
  });

  test('that is unfinished is resumed at once', async () => {
    const partialCopy = { key: 'k', uploadId: 'u' };
    world.stagingOutcome = { kind: 'unfinished', partialCopy };
    expect(await receive()).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 1]]);
    expect(world.state.lease).toMatchObject({ slot: 'b', revision: 'v2', paused: true, partialCopy: partialCopy });
    expect(world.calls).not.toContain('update config-b');

    world.stagingOutcome = { kind: 'staged' };
    world.calls = [];
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toContain('update config-b');
    expect(world.calls).not.toContain('check');
  });

  test('that meets a newer upload settles again', async () => {
    world.stagingOutcome = { kind: 'changed' };
    expect(await receive()).toEqual(['1']);
    expect(world.requeued).toEqual([['handle-1', 5]]);
    expect(world.state.lease).toBeUndefined();
    expect(world.calls).not.toContain('update config-b');
  });

  test('that failed keeps its lease until the requests it sent have certainly arrived', async () => {
    world.fail['stage b v2 from sources'] = new Error('SlowDown');
    expect(await receive()).toEqual(['1']);
    expect(world.state.lease).toMatchObject({ slot: 'b' });
    delete world.fail['stage b v2 from sources'];
    world.calls = [];
    world.now += 119_000;
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('stage b v2 from sources');
    world.now += 1000;
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toContain('stage b v2 from sources');
  });

  test('is followed by another observation of the sources: an upload in the meantime settles first', async () => {
    const { stage } = world.ports.revisions;
    world.ports.revisions.stage = async (...given) => {
      world.sources = { ...v2, revision: 'v3', newest: NOON };
      return stage(...given);
    };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('update config-b');
    expect(world.state.rollout).toMatchObject({ revision: 'v3' });
  });

  test('is done once per pass, even if the data disappears again', async () => {
    const { stage } = world.ports.revisions;
    world.ports.revisions.stage = async (...given) => {
      const outcome = await stage(...given);
      world.slots = {};
      return outcome;
    };
    expect(await receive()).toEqual(['1']);
    expect(world.calls.filter((call) => call.startsWith('stage '))).toHaveLength(1);
    expect(world.requeued).toEqual([['handle-1', 30]]);
  });

  test('removes the stored revisions that are not retained, and remembers what is stored', async () => {
    world.spec = { ...spec, data, retainRevisions: 3 };
    world.state = { ...world.state, stored: ['v1', 'v0', 'v-1', 'v-2'] };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toContain('keep v1,v0,v2');
    expect(world.state.stored).toEqual(['v1', 'v0', 'v2']);
  });

  test('goes on although old revisions cannot be removed', async () => {
    world.fail['keep v2'] = new Error('AccessDenied');
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toContain('error');
    expect(world.calls).toContain('update config-b');
  });

  test('of a revision that the store has lost ends the pin, and does not quarantine the revision', async () => {
    world.state = { ...servedV1, pin: { revision: 'v-9', by: 'ada', at: NOON }, stored: ['v1', 'v-9'] };
    world.stagingOutcome = { kind: 'missing' };
    expect(await receive()).toEqual(['1']);
    expect(world.state.stored).toEqual(['v1']);
    expect(await receive()).toEqual(['1']);
    expect(world.state.pin).toMatchObject({ revision: 'v1' });
    expect(world.state.quarantine).toBeUndefined();
    expect(world.published).toEqual(['refused']);
    expect(world.history).toMatchObject([{ outcome: 'refused', trigger: 'pin', revision: 'v-9' }]);
  });

  test.each(['changed', 'missing'] as const)(
    'that ends with %s aborts the multipart copy that it began',
    async (kind) => {
      world.ports.revisions.stage = async (_, { begun }) => {
        await begun({ key: 'k', uploadId: 'new' });
        return { kind };
      };
      expect(await receive()).toEqual(['1']);
      expect(world.calls).toContain('abandon new');
      expect(world.state.lease).toBeUndefined();
    },
  );

  test('that does not begin because the endpoint changed keeps the multipart copy of an earlier pass', async () => {
    const partialCopy = { key: 'k', uploadId: 'old' };
    world.state = { ...world.state, lease: { slot: 'b', revision: 'v2', at: NOON, paused: true, partialCopy } };
    const { write } = world.ports.states;
    world.ports.states.write = async (...given) => {
      world.endpoint = { ...endpoint, status: 'Updating' };
      return write(...given);
    };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('abandon old');
    expect(world.state.lease).toMatchObject({ paused: true, partialCopy });
  });

  test('of another revision aborts a multipart copy that was begun', async () => {
    const partialCopy = { key: 'k', uploadId: 'old' };
    world.state = { ...world.state, lease: { slot: 'b', revision: 'v1.5', at: NOON, paused: true, partialCopy } };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).toContain('abandon old');
  });
});

describe('smoke tests', () => {
  beforeEach(() => {
    world.spec = { ...spec, data, smokeTests: [{ payload: '1', contentType: 'text/csv' }] };
    world.state = { version: 1, serving: onA, rollout: accepted };
    world.endpoint = inB;
    world.slots = { a: 'v1', b: 'v2' };
  });

  test('are counted before they are sent', async () => {
    expect(await receive()).toEqual([]);
    const write = world.calls.indexOf('write testing accepted 1');
    expect(write).toBeGreaterThan(0);
    expect(world.calls.slice(write + 1, write + 3)).toEqual(['test', 'write testing accepted 1 passed']);
    expect(world.published).toEqual(['succeeded']);
  });

  test('with a wrong answer are published with the answer, and rolled back in the same pass', async () => {
    world.tests = { kind: 'failed', message: 'got 7' };
    expect(await receive()).toEqual(['1']);
    expect(world.published).toEqual(['refused', 'started']);
    expect(world.calls).toContain('update config-a');
    expect(world.state).toMatchObject({
      quarantine: [{ revision: 'v2', message: 'got 7', failedSmokeTests: true }],
      rollout: { phase: 'updating', slot: 'a', revision: 'v1', trigger: 'smoke-test', accepted: true },
    });
    expect(world.history).toMatchObject([{ outcome: 'refused', revision: 'v2', message: 'got 7' }]);
  });

  test('that killed the function are sent again once their lease has expired', async () => {
    world.state = { ...world.state, rollout: testing(3, { nextTestAt: world.now + 120_000 }) };
    expect(await receive()).toEqual(['1']);
    expect(world.calls).not.toContain('test');
    world.now += 120_000;
    expect(await receive()).toEqual([]);
    expect(world.calls).toContain('test');
  });

  test('without an answer are sent again later, in growing pauses and without end', async () => {
    world.tests = { kind: 'unanswered', message: 'no answer' };
    for (const seconds of [30, 60, 120, 300, 600, 690, 210, 900]) {
      expect(await receive()).toEqual(['1']);
      expect(world.requeued.at(-1)).toEqual(['handle-1', seconds]);
      world.now += seconds * 1000;
    }
    expect(world.state.rollout).toMatchObject({ phase: 'testing', attempts: 7 });
    expect(world.published).toEqual(['stalled']);
    world.tests = { kind: 'passed' };
    expect(await receive()).toEqual([]);
    expect(world.published).toEqual(['stalled', 'succeeded', 'recovered']);
  });

  test('of two passes at once are sent by one of them, however long they take', async () => {
    const answers: Array<() => void> = [];
    world.ports.smokeTests.run = async () => {
      world.calls.push('test');
      await new Promise<void>((resolve) => answers.push(resolve));
      return { kind: 'passed' };
    };
    const first = receive();
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    world.now += 10_000;
    expect(await receive()).toEqual(['1']);
    expect(world.requeued.at(-1)).toEqual(['handle-1', 30]);
    answers[0]?.();
    expect(await first).toEqual([]);
    expect(world.calls.filter((call) => call === 'test')).toHaveLength(1);
    expect(world.published).toEqual(['succeeded']);
    expect(world.state.quarantine).toBeUndefined();
  });
});

describe('the history', () => {
  test('has a refresh once; what was recorded but perhaps not published is published again', async () => {
    world.state = { version: 1, serving: onA, rollout: accepted };
    world.endpoint = inB;
    world.fail.write = new Error('throttled');
    await receive();
    delete world.fail.write;
    world.now += 1000;
    expect(await receive()).toEqual(['1']);
    expect(world.published).toEqual(['succeeded']);
    world.now += LEASE_TTL_MS;
    await receive();
    expect(world.published).toEqual(['succeeded', 'succeeded']);
    expect(world.history).toMatchObject([{ outcome: 'succeeded', revision: 'v2', trigger: 'upload', seconds: 300 }]);
  });
});
