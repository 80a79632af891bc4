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

/** What CreateFunction and UpdateFunctionConfiguration set, defaults filled in. */
export interface FunctionSettings {
  readonly Role: string;
  readonly PackageType: 'Zip' | 'Image';
  readonly Runtime?: string;
  readonly Handler?: string;
  readonly Description: string;
  /** In seconds. */
  readonly Timeout: number;
  /** In MB. */
  readonly MemorySize: number;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  readonly Architectures: readonly string[];
  readonly EphemeralStorage: { readonly Size: number };
  readonly TracingConfig: { readonly Mode: string };
  readonly LoggingConfig: { readonly LogFormat: string; readonly LogGroup: string } & Readonly<Record<string, string>>;
  readonly Layers: readonly string[];
  /** Stored and returned, without effect here: DeadLetterConfig, VpcConfig, KMSKeyArn, SnapStart, FileSystemConfigs … */
  readonly others: Readonly<Record<string, unknown>>;
}

/** How failed asynchronous invocations are treated. */
export interface EventInvokeConfig {
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
  readonly DestinationConfig?: unknown;
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
