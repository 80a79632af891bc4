/** Why an invocation failed, as Invoke returns it. */
export interface FunctionFailure {
  /** For example `TypeError` or `Runtime.ImportModuleError`. */
  readonly errorType: string;
  readonly errorMessage: string;
  /** Absent for failures of the environment itself. */
  readonly trace?: readonly string[];
}

/** An execution environment to create. */
export interface EnvironmentSpec {
  readonly functionName: string;
  /** For example `nodejs24.x`. */
  readonly runtime: string;
  /** For example `index.handler`. */
  readonly handler: string;
  /** Folder that holds the code. */
  readonly codePath: string;
  /** In MB. */
  readonly memorySize: number;
  /** Lambda's own variables, the role's credentials and the function's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Called for each line that the function prints, and for every line of an invocation before invoke() settles. */
  readonly onLine: (line: string) => void;
}

/** Metadata of an event for the runtime. */
export interface Invocation {
  readonly requestId: string;
  /** Of the function, or of the version that the caller named. */
  readonly functionArn: string;
  /** When the invocation times out, in epoch milliseconds. */
  readonly deadlineMs: number;
  /** X-Ray trace header. */
  readonly traceId: string;
}

/** Outcome of an invocation. */
export type InvocationOutcome =
  | { readonly payload: Uint8Array }
  | {
      readonly failure: FunctionFailure;
      /** True if the environment has ended; otherwise it can run again. */
      readonly ended?: boolean;
    };

/** One execution environment, for one invocation at a time. The caller enforces the timeout, by calling stop(). */
export interface FunctionRunner {
  /** Settles when the runtime is ready for its first event, with the failure if it never is. Called once, first. */
  init(): Promise<FunctionFailure | undefined>;
  /** Never rejects; also settles if stop() is called meanwhile. */
  invoke(payload: Uint8Array, invocation: Invocation): Promise<InvocationOutcome>;
  /** Ends the environment at once; settles when its process and resources are gone. */
  stop(): Promise<void>;
  /** Whether it has ended since its last invocation. @default never */
  ended?(): boolean;
  /** Highest memory use so far, in bytes. @default unknown */
  peakMemoryBytes?(): Promise<number>;
}

/** Creates execution environments: child processes in the local runtime, functions in memory in a simulation. */
export interface FunctionRunnerFactory {
  /** Names of the runtimes that create() can run. */
  readonly runtimes: readonly string[];
  create(spec: EnvironmentSpec): FunctionRunner;
}
