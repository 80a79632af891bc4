import { resolve } from 'node:path';
import { readCloudAssembly } from './cloud-assembly/cloud-assembly.ts';
import {
  createCloudFormation,
  createCustomResponses,
  customResponsePath,
  type DeployResult,
  type StackEvent,
} from './cloudformation/index.ts';
import { type Account, defaultAccount } from './core/account.ts';
import { systemClock } from './core/clock.ts';
import { type Caller, Cloud, type Deps, root } from './core/cloud.ts';
import { systemIds } from './core/ids.ts';
import { createEvents } from './events/events.ts';
import { startGateway } from './gateway/gateway.ts';
import { createIam } from './iam/iam.ts';
import { createCodeStore, createLambda, createProcessRunnerFactory, type FunctionLogLine } from './lambda/index.ts';
import { createLogs } from './logs/logs.ts';
import { type ContainerCommand, createProcessLauncher, type ModelLog } from './model-hosts/index.ts';
import { createProcessHost } from './processes/index.ts';
import { createS3, DiskBlobs, type S3Event } from './s3/index.ts';
import {
  createSageMaker,
  type EndpointStateChange,
  type Faults,
  fastTimes,
  realisticTimes,
  type Times,
} from './sagemaker/index.ts';
import { createSqs } from './sqs/sqs.ts';
import { createSsm } from './ssm/ssm.ts';
import { openStateFolder } from './state-folder.ts';
import { createSts } from './sts/sts.ts';

/** How a local runtime is started. */
export interface LocalRuntimeOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default 0 */
  readonly port?: number;
  /** Where objects and running models are kept until the runtime stops. @default .freshpoint/local in the working folder */
  readonly stateDir?: string;
  /** How long SageMaker takes: seconds, minutes as on AWS, or your own. @default 'fast' */
  readonly times?: 'fast' | 'realistic' | Times;
  /** Commands that stand in for container images. @default the built-in hosts */
  readonly containers?: readonly ContainerCommand[];
  /** @default account 000000000000 in us-east-1 */
  readonly account?: Account;
  /** Every line that a function prints. @default nobody */
  readonly onFunctionLog?: (line: FunctionLogLine) => void;
  /** Every line that a model server prints. @default nobody */
  readonly onModelLog?: (log: ModelLog) => void;
  /** Events that a queue's policy or the lack of a queue kept from being delivered, and bugs. @default process warnings */
  readonly onProblem?: (problem: unknown) => void;
}

/** What to deploy from a cloud assembly. */
export interface DeployAssemblyOptions {
  /** @default all, in order of their dependencies */
  readonly stacks?: readonly string[];
  /** Told of each stack event as it happens. */
  readonly onEvent?: (event: StackEvent) => void;
}

/** A running account on this machine. */
export interface LocalRuntime {
  /** AWS_ENDPOINT_URL for clients; any credentials will do. */
  readonly url: string;
  readonly account: Account;
  /** For in-process calls of any service, e.g. by tests. */
  readonly cloud: Cloud;
  /** Failures of SageMaker to inject. */
  readonly faults: Faults;
  /** Deploys stacks of the folder that `cdk synth` wrote. Throws an error with the first resource that failed and why. */
  deploy(assembly: string, options?: DeployAssemblyOptions): Promise<Record<string, DeployResult>>;
  /** Deletes a stack. */
  destroy(stackName: string): Promise<void>;
  /** Ends every process and removes all state. */
  stop(): Promise<void>;
}

/** Starts a local runtime: all services, wired, behind one port on 127.0.0.1. */
export async function startLocalRuntime(options: LocalRuntimeOptions = {}): Promise<LocalRuntime> {
  const account = options.account ?? defaultAccount;
  const onProblem = options.onProblem ?? ((problem) => process.emitWarning(String(problem)));
  const times =
    typeof options.times === 'object' ? options.times : options.times === 'realistic' ? realisticTimes : fastTimes;
  const state = openStateFolder(resolve(options.stateDir ?? '.freshpoint/local'));
  const processes = createProcessHost();
  const cloud = new Cloud();
  const deps: Deps = { account, clock: systemClock, ids: systemIds, cloud };
  let url = '';

  const iam = createIam(deps);
  const events = createEvents(deps, { onDeliveryFailure: onProblem });
  const emit = ({ 'detail-type': detailType, source, resources, detail }: S3Event | EndpointStateChange) =>
    events.publish({ source, detailType, resources, detail });
  const s3 = createS3(deps, { blobs: new DiskBlobs(`${state.path}/s3`), emit, iam });
  const sqs = createSqs(deps, { iam, baseUrl: () => url });
  const lambda = createLambda(deps, {
    runner: createProcessRunnerFactory(processes),
    code: createCodeStore(`${state.path}/functions`),
    issueCredentials: (roleArn, functionName) => iam.issueCredentials(roleArn, functionName),
    setResourcePolicy: (functionArn, document) => iam.setResourcePolicy(functionArn, document),
    canAssumeRole: (roleArn) => iam.canAssume(roleArn, 'lambda.amazonaws.com'),
    gatewayUrl: () => url,
    onLog: options.onFunctionLog,
  });
  // A role of another account can't be looked up here: it may read what it likes.
  const callerForRole = (roleArn: string): Caller =>
    roleArn.includes(`::${account.accountId}:`) ? iam.callerFor(roleArn, 'SageMaker') : root(account);
  const sagemaker = createSageMaker(deps, {
    launcher: createProcessLauncher(deps, {
      stateDir: state.path,
      processes,
      times,
      callerForRole,
      containers: options.containers,
      onLog: options.onModelLog,
    }),
    times,
    callerForRole,
    emit,
  });
  const customResponses = createCustomResponses({ ids: systemIds, origin: () => url });
  const cloudformation = createCloudFormation(deps, { customResponses, endpointPollMs: times.startPingIntervalMs });

  const others = [createSsm(deps), createSts(deps), createLogs(deps)];
  for (const { service } of [iam, events, s3, sqs, lambda, sagemaker, cloudformation, ...others])
    cloud.register(service);

  const gateway = await startGateway({
    port: options.port ?? 0,
    cloud,
    iam,
    ids: systemIds,
    handlers: {
      s3: async (req, res, caller) =>
        req.url?.startsWith(customResponsePath)
          ? customResponses.handleCustomResponse(req, res)
          : s3.handle(req, res, caller),
      lambda: lambda.handle,
      'sagemaker-runtime': sagemaker.handle,
    },
    onError: onProblem,
  }).catch(async (error) => {
    await processes.close();
    state.remove();
    throw error;
  });
  url = gateway.url;

  let stopping: Promise<void> | undefined;
  return {
    url,
    account,
    cloud,
    faults: sagemaker.faults,
    async deploy(assembly, { stacks, onEvent } = {}) {
      const found = await readCloudAssembly(assembly);
      const names = found.map(({ stackName }) => stackName);
      const unknown = stacks?.filter((name) => !names.includes(name)) ?? [];
      if (unknown.length > 0) {
        throw new Error(`${assembly} has no stack ${unknown.join(', ')}. It has: ${names.join(', ')}.`);
      }
      const results: Record<string, DeployResult> = {};
      for (const { stackName, template, assets, parameters, tags } of found) {
        if (stacks && !stacks.includes(stackName)) continue;
        results[stackName] = await cloudformation.deploy({ stackName, template, assets, parameters, tags, onEvent });
      }
      return results;
    },
    destroy: (stackName) => cloudformation.destroy(stackName),
    stop() {
      stopping ??= (async () => {
        cloudformation.stop();
        await lambda.stop();
        events.stop();
        sqs.stop();
        await sagemaker.stop();
        await gateway.close();
        await processes.close();
        state.remove();
      })();
      return stopping;
    },
  };
}
