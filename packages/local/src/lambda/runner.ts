/** Why an invocation failed, in the shape that the Runtime API reports and Invoke returns. */
export interface FunctionFailure {
  /** For example `TypeError` or `Runtime.ImportModuleError`. */
  readonly errorType: string;
  readonly errorMessage: string;
  /** Absent for failures of the environment itself. */
  readonly trace?: readonly string[];
}

/** One execution environment to be made. */
export interface EnvironmentSpec {
  readonly functionName: string;
  readonly functionArn: string;
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
  /** One line that the function printed. Every line of an invocation comes before invoke() settles. */
  readonly onLine: (line: string) => void;
}

/** What the runtime is told with an event. */
export interface Invocation {
  readonly requestId: string;
  /** When the invocation times out, in epoch milliseconds. */
  readonly deadlineMs: number;
  /** X-Ray trace header. */
  readonly traceId: string;
  /** JSON, as given to Invoke (decoded). */
  readonly clientContext?: string;
}

/** How an invocation went. */
export type InvocationOutcome =
  | { readonly payload: Uint8Array }
  | {
      readonly failure: FunctionFailure;
      /** The environment is gone; otherwise it can serve again. */
      readonly ended?: boolean;
    };

/** One execution environment: serves one invocation at a time. The caller keeps the time and calls stop() at the timeout. */
export interface FunctionRunner {
  /** Settles when the runtime is ready for its first event, or with why it will never be. Called once, first. */
  init(): Promise<FunctionFailure | undefined>;
  /** Never rejects; settles also when stop() is called meanwhile. */
  invoke(payload: Uint8Array, invocation: Invocation): Promise<InvocationOutcome>;
  /** Ends the environment at once; settles when nothing of it is left. */
  stop(): Promise<void>;
  /** Whether it has ended by itself since its last invocation. @default it has not */
  ended?(): boolean;
  /** Highest memory use so far, in bytes. @default unknown */
  peakMemoryBytes?(): Promise<number>;
}

/** Makes execution environments: child processes in the demo, functions in memory in a simulation. */
export interface FunctionRunnerFactory {
  /** Names of the runtimes that create() can run. */
  readonly runtimes: readonly string[];
  create(spec: EnvironmentSpec): FunctionRunner;
}
