import { describe, expect, test } from 'vitest';
import { publishCurrent } from '../../src/controller/publish.ts';
import { StateConflict } from '../../src/errors.ts';
import { spec } from '../policy/situations.ts';
import { World } from './fakes.ts';

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
