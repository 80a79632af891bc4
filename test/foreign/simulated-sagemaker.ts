import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type LocalRuntime, startLocalRuntime } from '@freshpoint/local';
import { AwsError } from '@freshpoint/simulator/core/aws-error';
import type { Caller, Operation } from '@freshpoint/simulator/core/cloud';
import { clientConfig } from './clients.ts';

const QUEUE_NAME = 'for-the-emulator';
/** SQS's longest poll. */
const POLL_SECONDS = 20;

/** SageMaker from the local runtime: its models are read from the emulator's S3, and its events go to the emulator. */
export class SimulatedSageMaker {
  readonly #runtime: LocalRuntime;
  #emulatorUrl = '';
  #isStopped = false;

  private constructor(runtime: LocalRuntime) {
    this.#runtime = runtime;
    runtime.cloud.register({ name: 's3', operations: this.#readsOfS3() });
  }

  static async start(stateDir: string): Promise<SimulatedSageMaker> {
    return new SimulatedSageMaker(await startLocalRuntime({ stateDir }));
  }

  get url(): string {
    return this.#runtime.url;
  }

  /** Call it before the first model is created. */
  connect(emulatorUrl: string): void {
    this.#emulatorUrl = emulatorUrl;
    this.#forwardEvents().catch((error) => {
      if (!this.#isStopped) throw error;
    });
  }

  async statusOf(EndpointName: string): Promise<string> {
    return (await this.#asRoot('sagemaker', 'DescribeEndpoint', { EndpointName })).EndpointStatus;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#runtime.stop();
  }

  /** A rule sends SageMaker's events to a queue, and this loop sends them on until `stop`. */
  async #forwardEvents(): Promise<void> {
    const { QueueUrl, Arn } = await this.#createQueue();
    const EventPattern = JSON.stringify({ source: ['aws.sagemaker'] });
    await this.#asRoot('events', 'PutRule', { Name: QUEUE_NAME, EventPattern });
    await this.#asRoot('events', 'PutTargets', { Rule: QUEUE_NAME, Targets: [{ Id: 'queue', Arn }] });
    const client = new EventBridgeClient(clientConfig(this.#emulatorUrl));
    while (!this.#isStopped) {
      const request = { QueueUrl, WaitTimeSeconds: POLL_SECONDS };
      const { Messages = [] } = await this.#asRoot('sqs', 'ReceiveMessage', request);
      for (const { Body, ReceiptHandle } of Messages) {
        const { source, 'detail-type': DetailType, resources, detail } = JSON.parse(Body);
        const entry = { Source: source, DetailType, Resources: resources, Detail: JSON.stringify(detail) };
        await client.send(new PutEventsCommand({ Entries: [entry] }));
        await this.#asRoot('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle });
      }
    }
  }

  async #createQueue() {
    const { partition, region, accountId } = this.#runtime.account;
    const Arn = `arn:${partition}:sqs:${region}:${accountId}:${QUEUE_NAME}`;
    const Principal = { Service: 'events.amazonaws.com' };
    const statement = { Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: Arn };
    const Attributes = { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) };
    const { QueueUrl } = await this.#asRoot('sqs', 'CreateQueue', { QueueName: QUEUE_NAME, Attributes });
    return { QueueUrl, Arn };
  }

  #asRoot(service: string, operation: string, input: object) {
    const { partition, accountId } = this.#runtime.account;
    return this.#runtime.cloud.call(service, operation, input, { arn: `arn:${partition}:iam::${accountId}:root` });
  }

  /** What SageMaker calls of S3, as the model's execution role: the emulator's IAM decides. */
  #readsOfS3(): Record<string, Operation> {
    return {
      HeadObject: {
        run: (input, caller) => this.#read(caller, (s3) => s3.send(new HeadObjectCommand(input as never))),
      },
      GetObject: { run: (input, caller) => this.#read(caller, (s3) => s3.send(new GetObjectCommand(input as never))) },
      ListObjectsV2: {
        run: (input, caller) => this.#read(caller, (s3) => s3.send(new ListObjectsV2Command(input as never))),
      },
    };
  }

  async #read(caller: Caller, call: (s3: S3Client) => Promise<object>): Promise<object> {
    const config = clientConfig(this.#emulatorUrl);
    const credentials = caller.roleArn === undefined ? config.credentials : await this.#sessionOf(caller.roleArn);
    try {
      return await call(new S3Client({ ...config, credentials, forcePathStyle: true }));
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw error;
      throw new AwsError(error.name, error.message, error.$metadata.httpStatusCode);
    }
  }

  async #sessionOf(RoleArn: string) {
    const sts = new STSClient(clientConfig(this.#emulatorUrl));
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'SageMaker' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }
}
