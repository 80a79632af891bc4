import type {
  Architecture,
  DestinationConfig,
  EphemeralStorage,
  LoggingConfig,
  PackageType,
  TracingConfig,
} from '@aws-sdk/client-lambda';
import type { StoredCode } from './code.ts';
import type { EnvironmentPool } from './environment-pool.ts';

/** One statement of a function's resource policy. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal: '*' | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A function's settings, with defaults for those that the requests left out. */
export interface FunctionSettings {
  readonly Role: string;
  readonly PackageType: PackageType;
  readonly Runtime?: string;
  readonly Handler?: string;
  readonly Description: string;
  /** In seconds. */
  readonly Timeout: number;
  /** In MB. */
  readonly MemorySize: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  readonly Architectures: readonly Architecture[];
  readonly EphemeralStorage: EphemeralStorage;
  readonly TracingConfig: TracingConfig;
  readonly LoggingConfig: LoggingConfig & { readonly LogFormat: string; readonly LogGroup: string };
  readonly Layers: readonly string[];
  /** Stored and returned, without effect here: DeadLetterConfig, VpcConfig, KMSKeyArn, SnapStart, … */
  readonly others: Readonly<Record<string, unknown>>;
}

/** How failed asynchronous invocations are treated. */
export interface EventInvokeConfig {
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
  readonly DestinationConfig?: DestinationConfig;
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number;
}

/** One function of the account. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  settings: FunctionSettings;
  code: StoredCode;
  revisionId: string;
  /** Epoch milliseconds. */
  lastModifiedMs: number;
  tags: Record<string, string>;
  policy: PolicyStatement[];
  eventInvokeConfig: EventInvokeConfig | undefined;
  /** @default the account's concurrency */
  reservedConcurrency: number | undefined;
  readonly pool: EnvironmentPool;
}
