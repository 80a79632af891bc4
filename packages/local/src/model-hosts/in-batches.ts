/** Collects what comes within one turn of the event loop: each write wakes another process, which costs the most. */
export function inBatches<T>(send: (batch: readonly T[]) => void): (item: T) => void {
  let batch: T[] = [];
  return (item) => {
    if (batch.push(item) > 1) return;
    setImmediate(() => {
      const full = batch;
      batch = [];
      send(full);
    });
  };
}
