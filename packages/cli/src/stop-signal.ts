import { constants } from 'node:os';

/** How long the runtime can take to stop its processes, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

/** Aborts at Ctrl-C or another signal to end, and when the reader of the output is gone. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second signal ends the process at once. The runtime's reaper then ends its children.
      if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
      setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
      stop.abort();
    });
  }
  process.stdout.on('error', () => stop.abort());
  return stop.signal;
}
