import type { Cancel, Clock } from '../core/clock.ts';
import type { FunctionFailure, FunctionRunner } from './runner.ts';

/** One execution environment of a function. */
export interface Environment {
  readonly runner: FunctionRunner;
  readonly logStream: string;
  /** Started at the first acquire; settles when the runtime is ready or has failed. */
  readonly init: Promise<FunctionFailure | undefined>;
  /** Whether an invocation has been through it. */
  used: boolean;
  /** Takes the lines that the function prints; set for the length of an invocation. */
  sink: ((line: string) => void) | undefined;
}

export interface PoolOptions {
  readonly clock: Clock;
  /** How long an environment may wait for its next invocation, in milliseconds. */
  readonly idleMs: number;
  readonly create: () => Environment;
}

/** The environments of one function: reused when idle, made when needed, stopped after a time without work. */
export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #busy = new Set<Environment>();
  readonly #idle = new Map<Environment, Cancel>();
  /** Those of an older code or configuration that still serve their last invocation. */
  readonly #retired = new Set<Environment>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** How many invocations run. */
  get busy(): number {
    return this.#busy.size;
  }

  acquire(): Environment {
    const environment = this.#takeIdle() ?? this.#options.create();
    this.#busy.add(environment);
    return environment;
  }

  /** The one used last: then the others can reach the end of their idle time. */
  #takeIdle(): Environment | undefined {
    for (const [environment, cancel] of [...this.#idle].reverse()) {
      cancel();
      this.#idle.delete(environment);
      if (environment.runner.ended?.() !== true) return environment;
      this.#stop(environment);
    }
    return undefined;
  }

  release(environment: Environment, reusable: boolean): void {
    this.#busy.delete(environment);
    if (!reusable || this.#retired.delete(environment)) {
      this.#stop(environment);
      return;
    }
    const cancel = this.#options.clock.schedule(this.#options.idleMs, () => {
      this.#idle.delete(environment);
      this.#stop(environment);
    });
    this.#idle.set(environment, cancel);
  }

  /** The code or the configuration has changed: no present environment serves another invocation. */
  retire(): void {
    for (const [environment, cancel] of this.#idle) {
      cancel();
      this.#stop(environment);
    }
    this.#idle.clear();
    for (const environment of this.#busy) this.#retired.add(environment);
  }

  /** Ends every environment, in the middle of an invocation too. */
  async stop(): Promise<void> {
    this.retire();
    for (const environment of this.#busy) this.#stop(environment);
    await Promise.all(this.#stopping);
  }

  #stop(environment: Environment): void {
    const stopped = environment.runner.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }
}
