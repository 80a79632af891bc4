import { type CustomResponses, createCustomResponses } from './cloudformation/custom-responses.ts';
import { type CloudFormation, type CloudFormationExtras, createCloudFormation } from './cloudformation/index.ts';
import { skewed } from './core/clock.ts';
import { type Caller, type Cloud, type Deps, root } from './core/cloud.ts';
import { stoppableClock } from './core/stoppable-clock.ts';
import type { DeliveryOptions } from './events/delivery.ts';
import { createEvents } from './events/events.ts';
import { createIam, type Iam } from './iam/iam.ts';
import { createKms } from './kms/kms.ts';
import { createLambda, type LambdaExtras } from './lambda/index.ts';
import { createLogs, type Logs } from './logs/logs.ts';
import type { BlobStore } from './s3/blob-store.ts';
import { createS3, type S3Event } from './s3/index.ts';
import {
  createSageMaker,
  type EndpointStateChange,
  type InstanceLauncher,
  type ModelPackageStateChange,
  type SageMaker,
  type Times,
} from './sagemaker/index.ts';
import { createSqs, type Sqs } from './sqs/sqs.ts';
import { createSsm } from './ssm/ssm.ts';
import { createSts } from './sts/sts.ts';

/** An event that a service puts on the default bus. */
export type ServiceEvent = S3Event | EndpointStateChange | ModelPackageStateChange;

/** What is I/O on a laptop and virtual in a simulation, and how an account behaves. */
export interface AccountOptions {
  /** The content of objects. */
  readonly blobs: BlobStore;
  /** Where functions run, where their code is, and what takes the lines that they print. */
  readonly functions: Pick<LambdaExtras, 'runner' | 'code' | 'onLog'>;
  /** Launches the instances of endpoints. */
  readonly launcher: InstanceLauncher;
  /** How long SageMaker takes. */
  readonly times: Times;
  /** A new address, at each call, to which a custom resource responds. See `customResponses.respond`. */
  readonly customResponseUrl: () => string;
  /** AWS_ENDPOINT_URL of functions, and the start of queues' URLs. @default AWS's own */
  readonly origin?: () => string;
  /** When rules' targets get events, and what is told of those that they don't get. @default at once */
  readonly delivery?: DeliveryOptions;
  /** Called with each event that a service has put on the bus. @default not told */
  readonly onServiceEvent?: (event: ServiceEvent) => void;
  /** By how much the clock of a service is ahead, in ms. @default 0 */
  readonly skew?: { readonly s3: number; readonly sagemaker: number };
  /** How CloudFormation behaves, and through which cloud it makes resources. @default the account's */
  readonly cloudFormation?: Omit<CloudFormationExtras, 'customResponses'> & { readonly cloud?: Cloud };
}

/** A whole account. Its services are called through the cloud in which they are registered. */
export interface AccountServices {
  readonly iam: Iam;
  readonly sqs: Sqs;
  readonly logs: Logs;
  readonly sagemaker: SageMaker;
  readonly cloudformation: CloudFormation;
  readonly customResponses: CustomResponses;
  /** Nothing is done any more, functions and instances are ended, and pending operations never end. */
  stop(): Promise<void>;
}

/** Creates all services of an account and registers them with `surroundings.cloud`. */
export function createAccount(surroundings: Deps, options: AccountOptions): AccountServices {
  const { origin, times, skew = { s3: 0, sagemaker: 0 } } = options;
  const clock = stoppableClock(surroundings.clock);
  const deps: Deps = { ...surroundings, clock };
  const iam = createIam(deps);
  const kms = createKms(deps, { iam });
  const events = createEvents(deps, options.delivery);
  const emit = (event: ServiceEvent) => {
    events.publish(event);
    options.onServiceEvent?.(event);
  };
  const s3 = createS3({ ...deps, clock: skewed(clock, skew.s3) }, { blobs: options.blobs, emit, iam, kms });
  const sqs = createSqs(deps, { iam, baseUrl: origin });
  const lambda = createLambda(deps, {
    ...options.functions,
    issueCredentials: (roleArn, functionName) => iam.issueCredentials(roleArn, functionName),
    setResourcePolicy: (functionArn, document) => iam.setResourcePolicy(functionArn, document),
    canAssumeRole: (roleArn) => iam.canAssume(roleArn, 'lambda.amazonaws.com'),
    gatewayUrl: origin,
  });
  // The policies of another account's role are unknown here: it may read everything.
  const callerForRole = (roleArn: string): Caller =>
    roleArn.includes(`::${deps.account.accountId}:`) ? iam.callerFor(roleArn, 'SageMaker') : root(deps.account);
  const sagemaker = createSageMaker(
    { ...deps, clock: skewed(clock, skew.sagemaker) },
    { launcher: options.launcher, times, callerForRole, emit, policies: iam },
  );
  const customResponses = createCustomResponses(options.customResponseUrl);
  const { cloud = deps.cloud, ...behaviour } = options.cloudFormation ?? {};
  const cloudformation = createCloudFormation(
    { ...deps, cloud },
    { endpointPollMs: times.startPingIntervalMs, ...behaviour, customResponses },
  );
  const ssm = createSsm(deps);
  const sts = createSts(deps, { iam });
  const logs = createLogs(deps);
  const services = [iam, kms, events, s3, sqs, lambda, sagemaker, cloudformation, ssm, sts, logs];
  for (const { service } of services) deps.cloud.register(service);
  return {
    ...{ iam, sqs, logs, sagemaker, cloudformation, customResponses },
    async stop() {
      clock.stop();
      await lambda.stop();
      sqs.stop();
      await sagemaker.stop();
    },
  };
}
