import { describe, expect, it } from 'vitest';
import { runInOrder } from '../../src/cloudformation/run-in-order.ts';
import { entryOf } from '../../src/core/entry-of.ts';
import { drain } from '../../src/core/virtual-clock.ts';

const graph = (edges: Record<string, string[]>) =>
  new Map(Object.entries(edges).map(([id, befores]) => [id, new Set(befores)]));

/** Work that the test ends. */
function manual() {
  const started: string[] = [];
  const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  return {
    started,
    work: (id: string) => {
      started.push(id);
      return new Promise<void>((resolve, reject) => ends.set(id, { resolve, reject }));
    },
    async end(id: string, error?: string) {
      const node = entryOf(ends, id);
      if (error === undefined) node.resolve();
      else node.reject(new Error(error));
      await drain();
    },
  };
}

describe('running in order', () => {
  it('starts a node when its dependencies are done, not earlier', async () => {
    const { started, work, end } = manual();
    const done = runInOrder(graph({ C: ['A', 'B'], A: [], B: [], D: ['gone'] }), work);
    expect(started).toEqual(['A', 'B', 'D']);
    await end('A');
    expect(started).toHaveLength(3);
    await end('B');
    expect(started).toEqual(['A', 'B', 'D', 'C']);
    await end('C');
    await end('D');
    expect(await done).toEqual([]);
  });

  it('after a failure starts no node, but waits for those that are running', async () => {
    const { started, work, end } = manual();
    let hurried = 0;
    const done = runInOrder(graph({ A: [], B: [], AfterA: ['A'] }), work, { onFailure: () => hurried++ });
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await end('B', 'no');
    expect([hurried, isDone]).toEqual([1, false]);
    await end('A');
    expect(started).toEqual(['A', 'B']);
    expect((await done).map(({ id }) => id)).toEqual(['B']);
  });

  it('with keepGoing runs the nodes that do not depend on the failed one', async () => {
    const { started, work, end } = manual();
    const done = runInOrder(graph({ A: [], B: [], AfterA: ['A'], AfterB: ['B'] }), work, { keepGoing: true });
    await end('B', 'no');
    await end('A');
    await end('AfterA');
    expect(started).toEqual(['A', 'B', 'AfterA']);
    expect(await done).toHaveLength(1);
  });

  it('resolves at once if there are no nodes', async () => {
    expect(await runInOrder(new Map(), async () => undefined)).toEqual([]);
  });
});
