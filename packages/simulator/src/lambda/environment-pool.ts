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

/** The environments of one function: created when needed, reused while idle, stopped after `idleMs` without work. */
export class EnvironmentPool {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #create: () => Environment;
  readonly #busy = new Set<Environment>();
  readonly #idle = new Map<Environment, Cancel>();
  /** Environments with outdated code or configuration, running their last invocation. */
  readonly #retired = new Set<Environment>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(clock: Clock, idleMs: number, create: () => Environment) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#create = create;
  }

  /** Number of running invocations. */
  get busy(): number {
    return this.#busy.size;
  }

  /** Takes the environment that was used last, so that the others can reach the end of their idle time. */
  acquire(): Environment {
    const idle = [...this.#idle.keys()].reverse();
    const environment = idle.find(({ runner }) => runner.ended?.() !== true) ?? this.#create();
    this.#idle.get(environment)?.();
    this.#idle.delete(environment);
    this.#busy.add(environment);
    return environment;
  }

  /** Takes back an environment after its invocation; `ended` ones and those that are outdated run no other. */
  release(environment: Environment, { ended }: { readonly ended: boolean }): void {
    this.#busy.delete(environment);
    if (this.#retired.delete(environment) || ended) this.#stop(environment);
    else {
      const cancel = this.#clock.schedule(this.#idleMs, () => this.#stop(environment));
      this.#idle.set(environment, cancel);
    }
  }

  /** Called when code or configuration change: no existing environment runs another invocation. */
  retire(): void {
    for (const [environment, cancel] of this.#idle) {
      cancel();
      this.#stop(environment);
    }
    for (const environment of this.#busy) this.#retired.add(environment);
  }

  /** Stops every environment, also during an invocation. */
  async stop(): Promise<void> {
    this.retire();
    for (const environment of this.#busy) this.#stop(environment);
    await Promise.all(this.#stopping);
  }

  #stop(environment: Environment): void {
    this.#idle.delete(environment);
    const stopped = environment.runner.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }
}
