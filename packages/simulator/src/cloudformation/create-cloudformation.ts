import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Service } from '../core/cloud.ts';
import { tagList } from '../core/tags.ts';
import type { CustomResponses } from './custom-responses.ts';
import { durableStacks } from './durable-stacks.ts';
import { Engine, NO_UPDATES, type StackRequest, type StartedOperation } from './engine.ts';
import { DeploymentError } from './failures.ts';
import { changeSetOperations } from './operations/change-set-operations.ts';
import { stackOperations, stackReads } from './operations/stack-operations.ts';
import { type Provider, recordedParts } from './provider.ts';
import { providerTable } from './providers/index.ts';
import { refuseUnsupportedTypes } from './providers/refused-types.ts';
import { type Assets, type Stack, type StackEvent, Stacks } from './stack.ts';
import { checkTemplate, type Template } from './template.ts';

/** CloudFormation's dependencies besides the other services. */
export interface CloudFormationExtras {
  /** Receives the responses of custom resources. */
  readonly customResponses: Pick<CustomResponses, 'create'>;
  /** Additional resource types, or replacements of built-in ones. */
  readonly providers?: Readonly<Record<string, Provider>>;
  /** Milliseconds between DescribeEndpoint calls for an endpoint that is created or updated. @default 1000 */
  readonly endpointPollMs?: number;
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
  /** Of a type that is simulated: the names of properties, or of their parts, that have no effect. */
  readonly recordedParts: readonly string[];
}

/** CloudFormation: register `service`. */
export interface CloudFormation {
  readonly service: Service;
  /**
   * Creates or updates the stack, as `cdk deploy` does: the remains of a failed creation or deletion are deleted first.
   * Throws AwsError for a request that CloudFormation refuses, and DeploymentError when a resource fails and the stack
   * is rolled back.
   */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /** Throws a ValidationError if a resource of one of the templates has a type that the local runtime refuses. */
  checkTypes(requests: readonly Pick<DeployRequest, 'stackName' | 'template'>[]): void;
  /** Deletes the stack if it exists. Throws DeploymentError when a resource cannot be deleted. */
  destroy(stackName: string, options?: { readonly onEvent?: (event: StackEvent) => void }): Promise<void>;
}

const DEFAULT_ENDPOINT_POLL_MS = 1000;

/** Stacks that can only be deleted, a status of theirs, and how an operation ends that succeeds. */
const ONLY_DELETABLE = /^(CREATE_FAILED|ROLLBACK_COMPLETE|ROLLBACK_FAILED|DELETE_FAILED|REVIEW_IN_PROGRESS)$/;
const SUCCEEDED = /^(CREATE|UPDATE|DELETE)_COMPLETE$/;

/** Creates CloudFormation, which creates resources through `deps.cloud`. */
export function createCloudFormation(deps: Deps, extras: CloudFormationExtras): CloudFormation {
  const { customResponses, endpointPollMs: pollMs = DEFAULT_ENDPOINT_POLL_MS, overlooksRollbacks = false } = extras;
  const stacks = new Stacks();
  const provider = providerTable(customResponses, { pollMs, overlooksRollbacks }, extras.providers ?? {});
  const engine = new Engine({ ...deps, resourceMs: extras.resourceMs ?? 0, stacks, provider });

  const destroy: CloudFormation['destroy'] = async (stackName, { onEvent } = {}) => {
    const stack = stacks.find(stackName);
    if (stack) await finish(stack, () => engine.delete(stack, [], { listener: onEvent }));
  };

  return {
    service: {
      name: 'cloudformation',
      operations: {
        ...stackOperations(deps, stacks, engine),
        ...stackReads(deps, stacks, engine),
        ...changeSetOperations(deps, stacks, engine),
      },
      durable: durableStacks(stacks),
    },
    async deploy(request) {
      const { stackName, onEvent, assets } = request;
      const before = stacks.find(stackName);
      const stackRequest = stackRequestOf(request);
      if (before && ONLY_DELETABLE.test(before.status)) await destroy(stackName, { onEvent });
      const existing = stacks.find(stackName);
      const options = { assets, listener: onEvent };
      try {
        const stack = await finish(existing, () =>
          existing ? engine.update(existing, stackRequest, options) : engine.create(stackName, stackRequest, options),
        );
        return { ...describeResult(engine, stack), changed: true };
      } catch (error) {
        if (!existing || !(error instanceof AwsError && error.message === NO_UPDATES)) throw error;
        return { ...describeResult(engine, existing), changed: false };
      }
    },
    checkTypes: (requests) =>
      refuseUnsupportedTypes(
        requests.map(({ stackName, template }) => ({ stackName, resources: unconditional(checkTemplate(template)) })),
      ),
    destroy,
  };
}

/** Whether the others are wanted is known when the stack is deployed, and their types are checked then. */
const unconditional = ({ Resources }: Template) =>
  Object.entries(Resources).filter(([, { Condition }]) => Condition === undefined);

const stackRequestOf = ({ template, parameters = {}, tags = {} }: DeployRequest): StackRequest => ({
  template: checkTemplate(template),
  body: JSON.stringify(template),
  parameters,
  tags: tagList(Object.entries(tags)),
  capabilities: ['*'],
});

/** Starts an operation on a stack and waits for its end. Throws DeploymentError, with the reason from its events. */
async function finish(
  before: Stack | undefined,
  start: () => StartedOperation | Promise<StartedOperation>,
): Promise<Stack> {
  const firstEvent = before?.events.length ?? 0;
  const { stack, done } = await start();
  await done;
  if (!SUCCEEDED.test(stack.status)) throw new DeploymentError(stack, stack.events.slice(firstEvent));
  return stack;
}

const describeResult = ({ context }: Engine, { stackId, status, outputs, resources }: Stack) => ({
  stackId,
  status,
  outputs: Object.fromEntries(outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
  resources: [...resources.values()].map(({ logicalId, type, handle, properties }) => {
    const provider = context.provider(type);
    return {
      logicalId,
      type,
      physicalId: handle?.physicalId ?? '',
      // Every stack of a CDK app has the metadata, and nobody asks for it.
      isRecordOnly: type !== 'AWS::CDK::Metadata' && provider.isRecordOnly?.(properties) === true,
      recordedParts: recordedParts(provider, properties),
    };
  }),
});
