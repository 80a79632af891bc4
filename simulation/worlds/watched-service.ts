import type { Caller, Operation, Service } from '@freshpoint/simulator/core/cloud';
import type { Call, CallInput, Watch } from './watch.ts';

/** The service, with each call shown to the watch that is there at that time. */
export function watchedService(service: Service, currentWatch: () => Watch | undefined): Service {
  const operations = Object.entries(service.operations).map(([operation, { permissions, run }]) => {
    const watched = (input: CallInput, caller: Caller): unknown => {
      const watch = currentWatch();
      if (!watch) return run(input, caller);
      return runWatched(watch, { service: service.name, operation, input, caller }, run);
    };
    return [operation, { permissions, run: watched }] as const;
  });
  return { name: service.name, operations: Object.fromEntries(operations) };
}

function runWatched(watch: Watch, call: Call, run: Operation['run']): unknown {
  const answer = (output: unknown) => {
    watch.after(call, output, undefined);
    return output;
  };
  const refusal = (error: unknown) => {
    watch.after(call, undefined, error);
    throw error;
  };
  watch.before(call);
  let output: unknown;
  try {
    output = run(call.input, call.caller);
  } catch (error) {
    return refusal(error);
  }
  // Nothing may come between the effect and the watch.
  return output instanceof Promise ? output.then(answer, refusal) : answer(output);
}
