import type { Dependencies } from './dependency-order.ts';

/** The failure of one node of a run. */
export interface Failure {
  readonly id: string;
  readonly error: unknown;
}

/**
 * Runs `work` for every node of `dependencies`, each as soon as its dependencies are done. Independent nodes run at the
 * same time and start in the map's order. Resolves when no node is running, with the failures in order of time.
 *
 * After a failure no node starts, and `onFailure` can cut short those that are running.
 * With `keepGoing` only the nodes that depend on the failed one do not start.
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
