import { resolve } from 'node:path';
import {
  BOOTSTRAP_STACK_NAME,
  BOOTSTRAP_TEMPLATE,
  type CloudFormation,
  type DeployResult,
  type StackEvent,
} from '#simulator/cloudformation/index';
import { type Account, defaultAccount } from '#simulator/core/account';
import { Cloud, type Deps } from '#simulator/core/cloud';
import { type AccountServices, createAccount } from '#simulator/create-account';
import type { DeliveryFailure } from '#simulator/events/delivery';
import type { FunctionLogLine } from '#simulator/lambda/index';
import { type Faults, fastTimes, realisticTimes, type Times } from '#simulator/sagemaker/index';
import { readCloudAssembly } from './cloud-assembly/cloud-assembly.ts';
import { publishAssets } from './cloud-assembly/publish-assets.ts';
import { CUSTOM_RESPONSE_PATH, handleCustomResponse } from './gateway/custom-responses.ts';
import { startGateway } from './gateway/gateway.ts';
import { createCodeStore } from './lambda/code-store.ts';
import { createProcessRunnerFactory } from './lambda/process-runner.ts';
import {
  type ContainerCommand,
  createProcessLauncher,
  type InstanceFailure,
  type ModelLog,
} from './model-hosts/index.ts';
import { openPersistentFolder, type SavedState, type SavedStateOptions, savedState } from './persistence/index.ts';
import { createProcessHost, type ProcessHost } from './processes/index.ts';
import { diskBlobs } from './s3/disk-blobs.ts';
import { openStateFolder } from './state-folder.ts';
import { systemClock, systemIds } from './system.ts';

/** Options of a local runtime. */
export interface LocalRuntimeOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default 0 */
  readonly port?: number;
  /** Folder for objects and running models, emptied on stop. @default .freshpoint/local in the working folder */
  readonly stateDir?: string;
  /**
   * Folder that keeps the state: a start finds what an earlier runtime left there, also one that was killed. It is for
   * one runtime at a time. @default the state is not kept
   */
  readonly persistDir?: string;
  /** How long SageMaker takes: seconds, minutes as on AWS, or your own times. @default 'fast' */
  readonly times?: 'fast' | 'realistic' | Times;
  /** Commands that replace container images. @default the built-in hosts */
  readonly containers?: readonly ContainerCommand[];
  /** @default account 000000000000 in us-east-1 */
  readonly account?: Account;
  /** Called with every line that a function prints. @default the lines are only kept in CloudWatch Logs */
  readonly onFunctionLog?: (line: FunctionLogLine) => void;
  /** Called with every line that a model server prints. @default the lines are only kept in CloudWatch Logs */
  readonly onModelLog?: (log: ModelLog) => void;
  /** Called when an instance of an endpoint does not start, or ends without being stopped. @default not reported */
  readonly onInstanceFailure?: (failure: InstanceFailure) => void;
  /** Called with each event that could not be delivered to a queue, and with bugs. @default process warnings */
  readonly onProblem?: (problem: unknown) => void;
}

/** What to deploy from a cloud assembly. */
export interface DeployAssemblyOptions {
  /** @default all, in order of their dependencies */
  readonly stacks?: readonly string[];
  /** Called with each stack event as it happens. */
  readonly onEvent?: (event: StackEvent) => void;
}

/** A running account on this machine. */
export interface LocalRuntime {
  /** AWS_ENDPOINT_URL for clients, which can use any credentials. */
  readonly url: string;
  readonly account: Account;
  /** For calls of any service in this process, e.g. by tests. */
  readonly cloud: Cloud;
  /** SageMaker failures to inject. */
  readonly faults: Faults;
  /** Deploys stacks of a folder that `cdk synth` wrote. Throws an error with the first failed resource and why. */
  deploy(assembly: string, options?: DeployAssemblyOptions): Promise<Record<string, DeployResult>>;
  /** Deletes a stack. */
  destroy(stackName: string): Promise<void>;
  /** Ends every process. Removes all state, unless it is kept in `persistDir`. */
  stop(): Promise<void>;
}

/** Starts a local runtime: all services behind one port on 127.0.0.1. */
export async function startLocalRuntime(options: LocalRuntimeOptions = {}): Promise<LocalRuntime> {
  const account = options.account ?? defaultAccount;
  const onProblem = options.onProblem ?? ((problem) => process.emitWarning(String(problem)));
  const state = await openState(options);
  const processes = createProcessHost();
  const deps: Deps = { account, clock: systemClock, ids: systemIds, cloud: new Cloud() };
  let url = '';
  let saved: SavedState | undefined;
  const services = createLocalAccount(deps, {
    ...options,
    onProblem,
    statePath: state.path,
    processes,
    url: () => url,
    ...(options.persistDir && { defer: (task: () => void) => saved?.defer(task) }),
  });
  const gateway = await startGateway({
    ...deps,
    port: options.port ?? 0,
    iam: services.iam,
    intercept: (request, response) =>
      request.url?.startsWith(CUSTOM_RESPONSE_PATH)
        ? handleCustomResponse({ responses: services.customResponses, origin: url }, request, response)
        : undefined,
    onError: onProblem,
  }).catch(async (error) => {
    await processes.close();
    state.remove();
    throw error;
  });
  url = gateway.url;
  if (options.persistDir) saved = savedState(savedStateOptions(deps, { folder: state.path, url, onProblem }));

  const stop = async () => {
    if (saved) {
      // What is answered from now on would not be in the state.
      await gateway.close();
      saved.stop();
    }
    await services.stop();
    await gateway.close();
    await processes.close();
    state.remove();
  };
  try {
    if (!saved?.load()) await bootstrap(services);
    saved?.start();
  } catch (error) {
    saved = undefined;
    await stop();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    url,
    account,
    cloud: deps.cloud,
    faults: services.sagemaker.faults,
    async deploy(assembly, deployOptions = {}) {
      const results = await deployAssembly({ deps, ...services }, assembly, deployOptions);
      // What is reported as deployed is there after a restart.
      saved?.save();
      return results;
    },
    destroy: (stackName) => services.cloudformation.destroy(stackName),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** As `cdk bootstrap` does. */
async function bootstrap({ cloudformation }: Pick<AccountServices, 'cloudformation'>): Promise<void> {
  await cloudformation.deploy({ stackName: BOOTSTRAP_STACK_NAME, template: BOOTSTRAP_TEMPLATE });
}

function openState({ persistDir, stateDir = '.freshpoint/local' }: LocalRuntimeOptions) {
  return persistDir ? openPersistentFolder(resolve(persistDir)) : openStateFolder(resolve(stateDir));
}

function savedStateOptions(
  { clock, cloud }: Deps,
  given: Pick<SavedStateOptions, 'folder' | 'url' | 'onProblem'>,
): SavedStateOptions {
  return {
    ...given,
    services: cloud.services(),
    schedule: (delayMs, task) => clock.schedule(delayMs, task),
    now: () => performance.now(),
  };
}

interface LocalAccountOptions extends LocalRuntimeOptions {
  readonly onProblem: (problem: unknown) => void;
  readonly statePath: string;
  readonly processes: ProcessHost;
  /** Where the state is kept: takes what removes files to which the state on disk may still refer. */
  readonly defer?: (task: () => void) => void;
  /** The gateway's, known once it listens. */
  readonly url: () => string;
}

/** What to tell the user of an event that no queue got. */
function undelivered({ ruleArn, targetArn, error, deadLettered }: DeliveryFailure): Error {
  const where = deadLettered ? ' It is in the dead-letter queue.' : '';
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`An event of ${ruleArn} was not delivered to ${targetArn}: ${reason}.${where}`);
}

/** The account, with its processes and files on this machine. */
function createLocalAccount(deps: Deps, options: LocalAccountOptions): AccountServices {
  const { statePath, processes, url, defer } = options;
  const times = timesOf(options.times);
  const account: AccountServices = createAccount(deps, {
    blobs: diskBlobs(`${statePath}/s3`, defer),
    functions: {
      runner: createProcessRunnerFactory(processes),
      code: createCodeStore(`${statePath}/functions`, { defer }),
      onLog: options.onFunctionLog,
    },
    launcher: createProcessLauncher(deps, {
      stateDir: statePath,
      processes,
      times,
      containers: options.containers,
      onLog(log) {
        const { endpointName, variantName, instanceId, line } = log;
        account.logs.append(`/aws/sagemaker/Endpoints/${endpointName}`, `${variantName}/${instanceId}`, line);
        options.onModelLog?.(log);
      },
      onFailure: options.onInstanceFailure,
    }),
    times,
    origin: url,
    customResponseUrl: () => url() + CUSTOM_RESPONSE_PATH + deps.ids.hex(40),
    delivery: { onDeliveryFailure: (failure) => options.onProblem(undelivered(failure)) },
  });
  return account;
}

function timesOf(times: LocalRuntimeOptions['times']): Times {
  if (typeof times === 'object') return times;
  return times === 'realistic' ? realisticTimes : fastTimes;
}

async function deployAssembly(
  { deps, cloudformation }: { readonly deps: Deps; readonly cloudformation: CloudFormation },
  assembly: string,
  { stacks, onEvent }: DeployAssemblyOptions,
): Promise<Record<string, DeployResult>> {
  const found = await readCloudAssembly(assembly);
  if (found.length === 0) throw new Error(`${assembly} has no stacks: the app defines none.`);
  const names = found.map(({ stackName }) => stackName);
  const unknown = stacks?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`${assembly} has no stack ${unknown.join(', ')}. It has: ${names.join(', ')}.`);
  }
  const chosen = stacks ? found.filter(({ stackName }) => stacks.includes(stackName)) : found;
  cloudformation.checkTypes(chosen);
  const results: Record<string, DeployResult> = {};
  for (const stack of chosen) {
    const { stackName, template, assets, parameters, tags } = stack;
    await publishAssets(deps, stack);
    results[stackName] = await cloudformation.deploy({ stackName, template, assets, parameters, tags, onEvent });
  }
  return results;
}
