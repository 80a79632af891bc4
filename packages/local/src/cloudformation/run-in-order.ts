import type { Dependencies } from './dependency-order.ts';

/** How one node of a run ended badly. */
export interface Failure {
  readonly id: string;
  readonly error: unknown;
}

/**
 * Runs `work` for every node of `dependencies`, each as soon as all that it depends on are done; independent ones at the same time,
 * started in the map's order. Resolves when nothing runs any more, with the failures in the order in which they came.
 *
 * After a failure nothing new starts, and `onFailure` may hurry what still runs.
 * With `keepGoing` only the nodes that depend on the failed one are left out.
 */
export function runInOrder(
  dependencies: Dependencies,
  work: (id: string) => Promise<void>,
  options: { readonly keepGoing?: boolean; readonly onFailure?: () => void } = {},
): Promise<Failure[]> {
  return new Promise((done) => {
    const failures: Failure[] = [];
    const waiting = new Set(dependencies.keys());
    const finished = new Set<string>();
    let running = 0;
    const isReady = (id: string) =>
      [...(dependencies.get(id) ?? [])].every((before) => finished.has(before) || !dependencies.has(before));
    const startReady = () => {
      if (failures.length === 0 || options.keepGoing) {
        for (const id of [...waiting]) {
          if (!isReady(id)) continue;
          waiting.delete(id);
          running++;
          void start(id);
        }
      }
      if (running === 0) done(failures);
    };
    const start = async (id: string) => {
      try {
        await work(id);
        finished.add(id);
      } catch (error) {
        failures.push({ id, error });
        options.onFailure?.();
      }
      running--;
      startReady();
    };
    startReady();
  });
}
