import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

/** What the SDK's clients are made with. */
export interface ClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** The SDK's clients of one account. */
export interface Clients {
  readonly config: ClientConfig;
  readonly cloudformation: CloudFormationClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly sagemaker: SageMakerClient;
  /** Does not retry: each failed invocation counts. */
  readonly runtime: SageMakerRuntimeClient;
  readonly ssm: SSMClient;
  readonly sts: STSClient;
}

/** Attempts of a call: a run polls for more than an hour, and each throttled call would end it. */
const MAX_ATTEMPTS = 8;

export function openClients(config: ClientConfig): Clients {
  const settings = { ...config, maxAttempts: MAX_ATTEMPTS };
  return {
    config,
    cloudformation: new CloudFormationClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: config.endpoint !== undefined }),
    sagemaker: new SageMakerClient(settings),
    runtime: new SageMakerRuntimeClient({ ...config, maxAttempts: 1 }),
    ssm: new SSMClient(settings),
    sts: new STSClient(settings),
  };
}

/** How fast things happen, and how large they are made. */
export interface Pace {
  /** Between two checks of something slow, in milliseconds. */
  readonly pollMs: number;
  /** Between two calls of DescribeEndpoint by the watch, in milliseconds: AWS throttles calls every five seconds. */
  readonly watchMs: number;
  /** Between two invocations, in milliseconds. */
  readonly trafficMs: number;
  /** Longest wait for one thing, in milliseconds. */
  readonly timeoutMs: number;
  /** `waitTime` of the endpoint, in seconds. */
  readonly waitSeconds: number;
  /** Size of a part when many are copied at once, in bytes. */
  readonly partBytes: number;
  /** Between a package's creation and its approval, in milliseconds: its dates may be whole seconds. */
  readonly apartMs: number;
}

const MIB = 1024 ** 2;

export const ACCOUNT_PACE: Pace = {
  pollMs: 15_000,
  watchMs: 15_000,
  trafficMs: 1_000,
  timeoutMs: 60 * 60_000,
  waitSeconds: 30,
  partBytes: 256 * MIB,
  apartMs: 5_000,
};

export const LOCAL_PACE: Pace = {
  pollMs: 50,
  watchMs: 10,
  trafficMs: 20,
  timeoutMs: 2 * 60_000,
  waitSeconds: 1,
  partBytes: 5 * MIB,
  apartMs: 1_100,
};

/** The account that a run works on. */
export interface Session {
  readonly kind: 'account' | 'local runtime';
  readonly accountId: string;
  readonly region: string;
  readonly clients: Clients;
  /** Environment of the CDK command. */
  readonly environment: NodeJS.ProcessEnv;
  readonly pace: Pace;
  close(): Promise<void>;
}
