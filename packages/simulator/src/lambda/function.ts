import type { FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import type { Credentials } from '../iam/iam.ts';
import type { CodeStore, StoredCode } from './code.ts';
import type { EnvironmentPool } from './environment-pool.ts';
import type { FunctionRunnerFactory } from './runner.ts';
import type { FunctionSettings } from './settings.ts';

/** One line that a function printed or Lambda wrote (START, END, REPORT). */
export interface FunctionLogLine {
  readonly functionName: string;
  readonly line: string;
  /** Absent outside of an invocation. */
  readonly requestId?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What Lambda needs from its surroundings. */
export interface LambdaExtras {
  readonly runner: FunctionRunnerFactory;
  readonly code: CodeStore;
  /** Credentials for a function's environment that the gateway maps back to the role. @default none are set */
  readonly issueCredentials?: (roleArn: string, functionName: string) => Credentials;
  /** AWS_ENDPOINT_URL of functions, read whenever an environment is created. @default not set */
  readonly gatewayUrl?: () => string;
  /** Whether the role exists and trusts `lambda.amazonaws.com`. @default every role does */
  readonly canAssumeRole?: (roleArn: string) => boolean;
  /** Enforces the functions' policies; undefined removes one. @default policies are stored, not enforced */
  readonly setResourcePolicy?: (functionArn: string, document: string | undefined) => void;
  /** Receives every line that functions print or Lambda writes about them. @default lines are dropped */
  readonly onLog?: (line: FunctionLogLine) => void;
  /** Concurrent environments of one function; further invocations are throttled. @default 10 */
  readonly maxConcurrency?: number;
  /** How long an idle environment waits for its next invocation, in milliseconds. @default 300000 */
  readonly idleMs?: number;
}

/** One function of the account. */
export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  settings: FunctionSettings;
  code: StoredCode;
  revisionId: string;
  lastModified: Date;
  tags: Record<string, string>;
  /** Statements of its resource policy, by id. */
  readonly policy: Map<string, object>;
  eventInvokeConfig: FunctionEventInvokeConfig | undefined;
  /** @default the account's concurrency */
  reservedConcurrency: number | undefined;
  readonly pool: EnvironmentPool;
}
