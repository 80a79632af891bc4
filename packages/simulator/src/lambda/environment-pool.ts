import type { Cancel, Clock } from '../core/clock.ts';
import type { FunctionFailure, FunctionRunner } from './runner.ts';

/** One execution environment of a function. */
export interface Environment {
  readonly runner: FunctionRunner;
  readonly logStream: string;
  /** Settles when the runtime is ready or has failed. */
  readonly init: Promise<FunctionFailure | undefined>;
  /** Whether it has run an invocation. */
  used: boolean;
  /** Receives the lines that the function prints; set during an invocation. */
  sink: ((line: string) => void) | undefined;
}

export type EnvironmentPool = ReturnType<typeof environmentPool>;

/** The environments of one function: created when needed, reused while idle, stopped after `idleMs` without work. */
export function environmentPool(clock: Clock, idleMs: number, create: () => Environment) {
  const busy = new Set<Environment>();
  const idle = new Map<Environment, Cancel>();
  /** Environments with outdated code or configuration, running their last invocation. */
  const retired = new Set<Environment>();
  const stopping = new Set<Promise<void>>();
  const end = (environment: Environment) => {
    idle.delete(environment);
    const stopped = environment.runner.stop().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  };
  /** Called when code or configuration change: no existing environment runs another invocation. */
  const retire = () => {
    for (const [environment, cancel] of idle) {
      cancel();
      end(environment);
    }
    for (const environment of busy) retired.add(environment);
  };
  return {
    retire,
    /** Number of running invocations. */
    busy: () => busy.size,
    /** Takes the environment that was used last, so that the others can reach the end of their idle time. */
    acquire(): Environment {
      const latest = [...idle.keys()].reverse();
      const environment = latest.find(({ runner }) => runner.ended?.() !== true) ?? create();
      idle.get(environment)?.();
      idle.delete(environment);
      busy.add(environment);
      return environment;
    },
    /** Takes back an environment after its invocation; `ended` ones and those that are outdated run no other. */
    release(environment: Environment, { ended }: { readonly ended: boolean }): void {
      busy.delete(environment);
      if (retired.delete(environment) || ended) end(environment);
      else {
        const cancel = clock.schedule(idleMs, () => end(environment));
        idle.set(environment, cancel);
      }
    },
    /** Stops every environment, also during an invocation. */
    async stop(): Promise<void> {
      retire();
      for (const environment of busy) end(environment);
      await Promise.all(stopping);
    },
  };
}
