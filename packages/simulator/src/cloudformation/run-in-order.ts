/** The logical ids that must be done before another one, by that one. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** The failure of one node of a run. */
export interface Failure {
  readonly id: string;
  readonly error: unknown;
}

/** The reversed graph: the ids that must be deleted before each id. Ids that are not nodes are dropped. */
export function reversed(dependencies: Dependencies): Dependencies {
  const out = new Map<string, Set<string>>([...dependencies.keys()].reverse().map((id) => [id, new Set()]));
  for (const [id, befores] of dependencies) for (const before of befores) out.get(before)?.add(id);
  return out;
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
        for (const id of [...waiting].filter(isReady)) {
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
