import { AwsError } from '../core/aws-error.ts';
import type { Deps, Service } from '../core/cloud.ts';
import type { Assets } from './assets.ts';
import type { CustomResponses } from './custom-responses.ts';
import { DeploymentError } from './deployment-error.ts';
import { Engine, type Started } from './engine.ts';
import { changeSetOperations } from './operations/change-set-operations.ts';
import { stackOperations } from './operations/stack-operations.ts';
import type { Provider } from './provider.ts';
import { providerTable } from './providers/index.ts';
import type { Stack, StackEvent, StackStatus } from './stack.ts';
import type { EngineContext } from './stack-run.ts';
import { Stacks } from './stacks.ts';
import { stoppableClock } from './stoppable-clock.ts';
import { checkTemplate, validationError } from './template.ts';

/** What CloudFormation needs beside the other services. */
export interface CloudFormationExtras {
  /** Where custom resources' functions put their answers. */
  readonly customResponses: CustomResponses;
  /** Resource types beyond the built-in ones, or instead of them. */
  readonly providers?: Readonly<Record<string, Provider>>;
  /** Milliseconds between two looks at an endpoint that is being made or updated. @default 1000 */
  readonly endpointPollMs?: number;
  /** Milliseconds after which an endpoint that doesn't settle fails its resource. @default 3 hours */
  readonly endpointTimeoutMs?: number;
  /** What `/cdk-bootstrap/<qualifier>/version` holds for templates that ask. @default '30' */
  readonly bootstrapVersion?: string;
}

/** A deployment in process. */
export interface DeployRequest {
  readonly stackName: string;
  /** The parsed template. */
  readonly template: object;
  /** Asset hash → file or folder, as the cloud assembly has it. */
  readonly assets?: Assets;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Told of each event as it happens; must not throw. */
  readonly onEvent?: (event: StackEvent) => void;
}

/** How a deployment left the stack. */
export interface DeployResult {
  readonly stackId: string;
  readonly status: StackStatus;
  /** False when the stack already was as asked. */
  readonly changed: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: readonly { readonly logicalId: string; readonly type: string; readonly physicalId: string }[];
}

/** CloudFormation: register `service`. */
export interface CloudFormation {
  readonly service: Service;
  /**
   * Creates the stack or updates it to the template, as `cdk deploy` does: what a failed creation left is deleted first.
   * Throws AwsError for a request that CloudFormation refuses, and DeploymentError when a resource fails and the stack is rolled back.
   */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /** Deletes the stack, if there is one. Throws DeploymentError when a resource refuses to go. */
  destroy(stackName: string, options?: { readonly onEvent?: (event: StackEvent) => void }): Promise<void>;
  /** Cancels every timer; operations under way stay as they are. */
  stop(): void;
}

/** Stacks that can only be deleted. */
const dead: readonly StackStatus[] = ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'REVIEW_IN_PROGRESS'];

const good: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_COMPLETE'];

/** Makes CloudFormation; every resource is made through `deps.cloud`. */
export function createCloudFormation(deps: Deps, extras: CloudFormationExtras): CloudFormation {
  const clock = stoppableClock(deps.clock);
  const stacks = new Stacks();
  const waiting = { pollMs: extras.endpointPollMs ?? 1000, timeoutMs: extras.endpointTimeoutMs ?? 3 * 3_600_000 };
  const find = providerTable(extras.customResponses, waiting, extras.providers ?? {});
  const context: EngineContext = {
    account: deps.account,
    ids: deps.ids,
    cloud: deps.cloud,
    clock,
    stacks,
    provider(type) {
      const provider = find(type);
      if (!provider) throw validationError(`The local runtime does not support the resource type ${type}.`);
      return provider;
    },
  };
  const engine = new Engine(context, extras.bootstrapVersion ?? '30');

  const finish = async ({ stack, done }: Started, firstEvent: number) => {
    await done;
    if (!good.includes(stack.status)) throw new DeploymentError(stack, stack.events.slice(firstEvent));
    return stack;
  };

  const destroy: CloudFormation['destroy'] = async (stackName, { onEvent } = {}) => {
    const stack = stacks.find(stackName);
    if (!stack) return;
    const firstEvent = stack.events.length;
    await finish(engine.delete(stack, [], { listener: onEvent }), firstEvent);
  };

  return {
    service: {
      name: 'cloudformation',
      operations: { ...stackOperations(deps, stacks, engine), ...changeSetOperations(deps, stacks, engine) },
    },
    async deploy(request) {
      const { stackName, onEvent } = request;
      const template = checkTemplate(request.template);
      const tags = Object.entries(request.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
      const asked = { template, parameters: request.parameters ?? {}, tags, capabilities: ['*'] };
      const options = { assets: request.assets, listener: onEvent };
      const before = stacks.find(stackName);
      if (before && dead.includes(before.status)) await destroy(stackName, { onEvent });
      const existing = stacks.find(stackName);
      if (!existing) return result(await finish(await engine.create(stackName, asked, options), 0), true);
      try {
        const firstEvent = existing.events.length;
        return result(await finish(await engine.update(stackName, asked, options), firstEvent), true);
      } catch (error) {
        if (!(error instanceof AwsError && error.message === 'No updates are to be performed.')) throw error;
        return result(existing, false);
      }
    },
    destroy,
    stop: () => clock.stop(),
  };
}

function result(stack: Stack, changed: boolean): DeployResult {
  return {
    stackId: stack.stackId,
    status: stack.status,
    changed,
    outputs: Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value])),
    resources: [...stack.resources.values()].map(({ logicalId, type, handle }) => ({
      logicalId,
      type,
      physicalId: handle?.physicalId ?? '',
    })),
  };
}
