import { AwsError } from '../core/aws-error.ts';
import type { Deps, Service } from '../core/cloud.ts';
import { tagList } from '../core/tags.ts';
import type { Assets } from './assets.ts';
import type { CustomResponses } from './custom-responses.ts';
import { DeploymentError } from './deployment-error.ts';
import { durableStacks } from './durable-stacks.ts';
import { Engine, NO_UPDATES, type StackRequest, type StartedOperation, type StartOptions } from './engine.ts';
import { changeSetOperations } from './operations/change-set-operations.ts';
import { deployOperations } from './operations/deploy-operations.ts';
import { describeOperations } from './operations/describe-operations.ts';
import type { Provider } from './provider.ts';
import { providerTable } from './providers/index.ts';
import { refuseUnsupportedTypes } from './providers/refused-types.ts';
import type { Stack, StackEvent, StackStatus } from './stack.ts';
import type { EngineContext } from './stack-run.ts';
import { Stacks } from './stacks.ts';
import { checkTemplate, type Template, validationError } from './template.ts';

/** CloudFormation's dependencies besides the other services. */
export interface CloudFormationExtras {
  /** Receives the responses of custom resources. */
  readonly customResponses: Pick<CustomResponses, 'create'>;
  /** Additional resource types, or replacements of built-in ones. */
  readonly providers?: Readonly<Record<string, Provider>>;
  /** Milliseconds between DescribeEndpoint calls for an endpoint that is created or updated. @default 1000 */
  readonly endpointPollMs?: number;
  /** Milliseconds after which an endpoint that does not settle fails its resource. @default 3 hours */
  readonly endpointTimeoutMs?: number;
  /** Milliseconds that each resource takes besides its service's own time. @default 0 */
  readonly resourceMs?: number;
  /**
   * Whether an endpoint's update succeeds once the endpoint is InService without a FailureReason, even on another
   * config: SageMaker has rolled it back without a reason. What AWS's handler does is not public. @default false
   */
  readonly overlooksRollbacks?: boolean;
}

/** A deployment without HTTP. */
export interface DeployRequest {
  readonly stackName: string;
  /** The parsed template. */
  readonly template: object;
  /** The files and folders of the cloud assembly. */
  readonly assets?: Assets;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Called with each event as it happens; must not throw. */
  readonly onEvent?: (event: StackEvent) => void;
}

/** The stack after a deployment. */
export interface DeployResult {
  readonly stackId: string;
  readonly status: StackStatus;
  /** False if there was nothing to change. */
  readonly changed: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly DeployedResource[];
}

/** A resource of a deployed stack. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** Whether the local runtime does not simulate the type, so that the resource only has an id and attributes. */
  readonly isRecordOnly: boolean;
}

/** CloudFormation: register `service`. */
export interface CloudFormation {
  readonly service: Service;
  /**
   * Creates or updates the stack, as `cdk deploy` does: the remains of a failed creation are deleted first. Throws
   * AwsError for a request that CloudFormation refuses, and DeploymentError when a resource fails and the stack is
   * rolled back.
   */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /** Throws a ValidationError if a resource of one of the templates has a type that the local runtime refuses. */
  checkTypes(requests: readonly Pick<DeployRequest, 'stackName' | 'template'>[]): void;
  /** Deletes the stack if it exists. Throws DeploymentError when a resource cannot be deleted. */
  destroy(stackName: string, options?: { readonly onEvent?: (event: StackEvent) => void }): Promise<void>;
}

const DEFAULT_ENDPOINT_POLL_MS = 1000;
const DEFAULT_ENDPOINT_TIMEOUT_MS = 3 * 3_600_000;

/** The statuses of stacks that can only be deleted. */
const ONLY_DELETABLE: readonly StackStatus[] = [
  'CREATE_FAILED',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
  'REVIEW_IN_PROGRESS',
];

const SUCCEEDED: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_COMPLETE'];

/** Creates CloudFormation, which creates resources through `deps.cloud`. */
export function createCloudFormation(deps: Deps, extras: CloudFormationExtras): CloudFormation {
  const stacks = new Stacks();
  const waiting = {
    pollMs: extras.endpointPollMs ?? DEFAULT_ENDPOINT_POLL_MS,
    timeoutMs: extras.endpointTimeoutMs ?? DEFAULT_ENDPOINT_TIMEOUT_MS,
    overlooksRollbacks: extras.overlooksRollbacks ?? false,
  };
  const find = providerTable(extras.customResponses, waiting, extras.providers ?? {});
  const context: EngineContext = {
    account: deps.account,
    ids: deps.ids,
    cloud: deps.cloud,
    clock: deps.clock,
    resourceMs: extras.resourceMs ?? 0,
    stacks,
    provider(type) {
      const provider = find(type);
      if (!provider) throw validationError(`The local runtime does not simulate the resource type ${type}.`);
      return provider;
    },
  };
  const engine = new Engine(context);

  const destroy: CloudFormation['destroy'] = async (stackName, { onEvent } = {}) => {
    const stack = stacks.find(stackName);
    if (!stack) return;
    const firstEvent = stack.events.length;
    await finish(engine.delete(stack, [], { listener: onEvent }), firstEvent);
  };

  return {
    service: {
      name: 'cloudformation',
      operations: {
        ...deployOperations(deps, stacks, engine),
        ...describeOperations(deps, stacks),
        ...changeSetOperations(deps, stacks, engine),
      },
      durable: durableStacks(stacks),
    },
    async deploy(request) {
      const { stackName, onEvent } = request;
      const before = stacks.find(stackName);
      const stackRequest = stackRequestOf(request);
      if (before && ONLY_DELETABLE.includes(before.status)) await destroy(stackName, { onEvent });
      return await createOrUpdate(engine, stackName, stackRequest, { assets: request.assets, listener: onEvent });
    },
    checkTypes: (requests) =>
      refuseUnsupportedTypes(
        requests.map(({ stackName, template }) => ({ stackName, resources: unconditional(checkTemplate(template)) })),
      ),
    destroy,
  };
}

/** Whether the others are wanted is known when the stack is deployed, and their types are checked then. */
function unconditional({ Resources }: Template) {
  return Object.entries(Resources).filter(([, { Condition }]) => Condition === undefined);
}

function stackRequestOf({ template, parameters, tags }: DeployRequest): StackRequest {
  return {
    template: checkTemplate(template),
    parameters: parameters ?? {},
    tags: tagList(Object.entries(tags ?? {})),
    capabilities: ['*'],
  };
}

async function createOrUpdate(
  engine: Engine,
  stackName: string,
  request: StackRequest,
  options: StartOptions,
): Promise<DeployResult> {
  const existing = engine.context.stacks.find(stackName);
  if (!existing) {
    const created = await finish(await engine.create(stackName, request, options), 0);
    return { ...describeResult(engine, created), changed: true };
  }
  try {
    const firstEvent = existing.events.length;
    const updated = await finish(await engine.update(stackName, request, options), firstEvent);
    return { ...describeResult(engine, updated), changed: true };
  } catch (error) {
    if (!(error instanceof AwsError && error.message === NO_UPDATES)) throw error;
    return { ...describeResult(engine, existing), changed: false };
  }
}

/** Waits for the operation. Throws DeploymentError, with the reason from the events since `firstEvent`. */
async function finish({ stack, done }: StartedOperation, firstEvent: number): Promise<Stack> {
  await done;
  if (!SUCCEEDED.includes(stack.status)) throw new DeploymentError(stack, stack.events.slice(firstEvent));
  return stack;
}

function describeResult({ context }: Engine, stack: Stack): Omit<DeployResult, 'changed'> {
  return {
    stackId: stack.stackId,
    status: stack.status,
    outputs: Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value])),
    resources: [...stack.resources.values()].map(({ logicalId, type, handle }) => ({
      logicalId,
      type,
      physicalId: handle?.physicalId ?? '',
      // Every stack of a CDK app has the metadata, and nobody asks for it.
      isRecordOnly: type !== 'AWS::CDK::Metadata' && (context.provider(type).isRecordOnly ?? false),
    })),
  };
}
