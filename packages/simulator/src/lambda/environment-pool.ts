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

export interface PoolOptions {
  readonly clock: Clock;
  /** How long an environment waits for its next invocation, in milliseconds. */
  readonly idleMs: number;
  readonly create: () => Environment;
}

/** The environments of one function: created when needed, reused while idle, stopped after `idleMs` without work. */
export class EnvironmentPool {
  readonly #options: PoolOptions;
  readonly #busy = new Set<Environment>();
  readonly #idle = new Map<Environment, Cancel>();
  /** Environments with outdated code or configuration, running their last invocation. */
  readonly #retired = new Set<Environment>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Number of running invocations. */
  get busy(): number {
    return this.#busy.size;
  }

  acquire(): Environment {
    const environment = this.#takeIdle() ?? this.#options.create();
    this.#busy.add(environment);
    return environment;
  }

  /** Takes the most recently used, so that the others can reach the end of their idle time. */
  #takeIdle(): Environment | undefined {
    for (const [environment, cancel] of [...this.#idle].reverse()) {
      cancel();
      this.#idle.delete(environment);
      if (environment.runner.ended?.() !== true) return environment;
      this.#stop(environment);
    }
    return undefined;
  }

  /** Stops an environment whose invocation ended it. */
  discard(environment: Environment): void {
    this.#busy.delete(environment);
    this.#retired.delete(environment);
    this.#stop(environment);
  }

  /** Takes back an environment that can run another invocation. */
  release(environment: Environment): void {
    if (this.#retired.has(environment)) {
      this.discard(environment);
      return;
    }
    this.#busy.delete(environment);
    const cancel = this.#options.clock.schedule(this.#options.idleMs, () => {
      this.#idle.delete(environment);
      this.#stop(environment);
    });
    this.#idle.set(environment, cancel);
  }

  /** Called when code or configuration change: no existing environment runs another invocation. */
  retire(): void {
    for (const [environment, cancel] of this.#idle) {
      cancel();
      this.#stop(environment);
    }
    this.#idle.clear();
    for (const environment of this.#busy) this.#retired.add(environment);
  }

  /** Stops every environment, also during an invocation. */
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
