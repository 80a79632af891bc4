/** How much work is done at once, and until when. */
export interface ParallelLimits {
  readonly limit: number;
  readonly isTimeUp: () => boolean;
}

/**
 * Does `work` for each item until all are done, time is up or one fails. Each worker does at least one item, so every
 * pass makes progress. Returns the failures, once nothing is in flight any more.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  { limit, isTimeUp }: ParallelLimits,
): Promise<readonly unknown[]> {
  const left = [...items];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0 || isTimeUp()) return;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return failures;
}
