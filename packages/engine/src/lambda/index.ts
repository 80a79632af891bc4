import { setTimeout } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ENVIRONMENT, METRICS_NAMESPACE, METRICS_SERVICE } from '@freshpoint/cdk/contract';
import { awsPorts } from '../adapters/aws-ports.ts';
import { CLIENT_CONFIG, type Client, UPDATE_CLIENT_CONFIG } from '../adapters/client.ts';
import { cloudFormationResponses } from '../adapters/cloudformation-responses.ts';
import { namingFailures, type SdkClient } from '../adapters/naming-failures.ts';
import { powertoolsTelemetry } from '../adapters/powertools-telemetry.ts';
import { PARALLEL_COPIES } from '../adapters/s3-copy-set.ts';
import { createHandler } from './handler.ts';

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Environment variable ${name} is not set. Deploy the stack again.`);
  return value;
}

const roleArn = setting(ENVIRONMENT.roleArn);

/**
 * Creates a client at its first call. Most invocations need half of the clients, and each costs a cold start
 * milliseconds.
 */
function lazily(create: () => SdkClient): Client {
  let client: Client | undefined;
  return {
    send(command, options) {
      client ??= namingFailures(create(), roleArn);
      return client.send(command, options);
    },
  };
}

/** The refresher's function. */
export const handler = createHandler(
  awsPorts({
    clients: {
      sagemaker: namingFailures(new SageMakerClient(CLIENT_CONFIG), roleArn),
      sagemakerUpdates: lazily(() => new SageMakerClient(UPDATE_CLIENT_CONFIG)),
      sagemakerRuntime: lazily(() => new SageMakerRuntimeClient(CLIENT_CONFIG)),
      s3: namingFailures(new S3Client({ requestHandler: { httpsAgent: { maxSockets: PARALLEL_COPIES } } }), roleArn),
      ssm: namingFailures(new SSMClient(CLIENT_CONFIG), roleArn),
      sqs: lazily(() => new SQSClient(CLIENT_CONFIG)),
      cloudformation: lazily(() => new CloudFormationClient(CLIENT_CONFIG)),
      events: lazily(() => new EventBridgeClient(CLIENT_CONFIG)),
    },
    queues: {
      queueUrl: setting(ENVIRONMENT.queueUrl),
      deadLetterQueueUrl: setting(ENVIRONMENT.deadLetterQueueUrl),
      batchingWindow: Number(setting(ENVIRONMENT.batchingWindow)),
    },
    roleId: setting(ENVIRONMENT.roleId),
    // Node loads its fetch when it is first mentioned.
    answers: cloudFormationResponses((url, init) => fetch(url, init)),
    telemetry: powertoolsTelemetry(
      new Logger({ serviceName: METRICS_SERVICE }),
      new Metrics({ namespace: METRICS_NAMESPACE, serviceName: METRICS_SERVICE }),
      process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
    ),
    now: Date.now,
    sleep: (ms) => setTimeout(ms),
  }),
);
