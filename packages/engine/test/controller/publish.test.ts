import { describe, expect, test } from 'vitest';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { publishCurrent } from '../../src/controller/publish.ts';
import { StateConflict } from '../../src/errors.ts';
import { accepted, endpoint, NOON, servedV1, spec } from '../policy/situations.ts';
import { denied, message, World } from './fakes.ts';

describe('the end of an update', () => {
  test('is published once, although another pass notes something of it and the sources cannot be read any more', async () => {
    const world = new World();
    world.state = { ...servedV1, rollout: accepted };
    world.endpoint = { ...endpoint, configName: 'config-b', lastModified: NOON };
    const { publish } = world.ports.eventBus;
    world.ports.eventBus.publish = async (...given) => {
      await publish(...given);
      world.state = { ...world.state, rollout: { ...accepted, unshownSince: NOON } };
      world.version += 1;
      world.fail.sources = denied;
    };
    await reconcileBatch(world.ports, [message('1')]);
    world.fail = {};
    await reconcileBatch(world.ports, [message('1')]);
    expect(world.published).toEqual(['succeeded']);
    expect(world.state.serving).toMatchObject({ configName: 'config-b', revision: 'v2' });
  });
});

describe('what was concluded from a state that another pass has replaced', () => {
  test('is not published for a deployment', async () => {
    const world = new World();
    const event = { type: 'succeeded', revision: 'v2', slot: 'b', configName: 'config-b', trigger: 'upload' } as const;
    const publisher = { ports: world.ports, endpoint: 'Test/Iris', spec };
    const known = { state: world.state, etag: String(world.version - 1) };
    const conclusion = { events: [event], state: world.state };
    await expect(publishCurrent(publisher, known, conclusion)).rejects.toThrow(StateConflict);
    expect(world.published).toEqual([]);
    expect(world.history).toEqual([]);
    await publishCurrent(publisher, { ...known, etag: String(world.version) }, conclusion);
    expect(world.published).toEqual(['succeeded']);
  });
});
