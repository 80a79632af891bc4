import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '#simulator/core/virtual-clock';
import { savedState } from '../../src/persistence/saved-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-state-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A saved state of one service with a value. */
function stateOf(initial: unknown, url = 'http://127.0.0.1:1') {
  const clock = new VirtualClock();
  const held = { value: initial };
  const problems: unknown[] = [];
  const service = {
    name: 'box',
    operations: {},
    durable: {
      save: () => held.value,
      load(saved: unknown) {
        held.value = saved;
      },
    },
  };
  const saved = savedState({
    ...{ folder, url, services: [service, { name: 'without', operations: {} }] },
    schedule: (delayMs, task) => clock.schedule(delayMs, task),
    now: () => clock.now(),
    onProblem: (problem) => problems.push(problem),
  });
  return { clock, held, problems, saved };
}

describe('the saved state', () => {
  it('is what the next start finds', () => {
    const shared = { at: new Date(5), bytes: Buffer.from([1]) };
    const value = { map: new Map([['k', shared]]), set: new Set([1]), again: shared };
    const first = stateOf(value);
    expect(first.saved.load()).toBe(false);
    first.saved.stop();
    const second = stateOf(undefined);
    expect(second.saved.load()).toBe(true);
    const found = second.held.value as typeof value;
    expect(found).toEqual(value);
    expect(found.map.get('k')).toBe(found.again);
  });

  it('is written soon after each change', async () => {
    const { clock, held, saved } = stateOf('one');
    saved.start();
    await clock.advance(250);
    held.value = 'two';
    await clock.advance(250);
    const other = stateOf(undefined);
    other.saved.load();
    expect(other.held.value).toBe('two');
  });

  it('has the address of the runtime that reads it', () => {
    const value = new Map([
      ['q', { url: 'http://127.0.0.1:1/000000000000/q', texts: new Set(['http://127.0.0.1:1']) }],
    ]);
    stateOf(value).saved.save();
    const { held, saved } = stateOf(undefined, 'http://127.0.0.1:2');
    saved.load();
    expect(held.value).toEqual(
      new Map([['q', { url: 'http://127.0.0.1:2/000000000000/q', texts: new Set(['http://127.0.0.1:2']) }]]),
    );
  });

  it('stays whole when the process is killed while it is written', () => {
    stateOf('whole').saved.save();
    writeFileSync(join(folder, 'state.new'), 'half');
    const { held, saved } = stateOf(undefined);
    saved.load();
    expect(held.value).toBe('whole');
  });

  it('removes what is no longer used only after a state without it is on disk', async () => {
    const { saved } = stateOf('x');
    const seen: boolean[] = [];
    saved.defer(() => seen.push(existsSync(join(folder, 'state'))));
    expect(seen).toEqual([]);
    saved.save();
    saved.save();
    expect(seen).toEqual([true]);
  });

  it('reports that it cannot be written, and is written later', async () => {
    const { clock, saved, problems } = stateOf('x');
    saved.start();
    await rm(folder, { recursive: true });
    await clock.advance(250);
    expect(problems).toHaveLength(1);
    folder = await mkdtemp(folder);
  });

  it.each(['', 'no state', Buffer.from([255, 15, 34, 1, 88])])('refuses another file, %j', async (content) => {
    await writeFile(join(folder, 'state'), content);
    expect(() => stateOf(undefined).saved.load()).toThrow(
      /is damaged, or was written by another version .* Remove the folder/,
    );
  });

  it('refuses its own file with another byte, or one that a service cannot read', async () => {
    const first = stateOf('x'.repeat(100));
    first.saved.save();
    const bytes = await readFile(join(folder, 'state'));
    bytes[bytes.length - 50] = 65;
    await writeFile(join(folder, 'state'), bytes);
    expect(() => stateOf(undefined).saved.load()).toThrow('is damaged');
    first.held.value = 'y';
    first.saved.save();
    const { saved, held } = stateOf(undefined);
    Object.defineProperty(held, 'value', {
      set() {
        throw new TypeError('Cannot destructure');
      },
    });
    expect(() => saved.load()).toThrow('is damaged');
  });
});
