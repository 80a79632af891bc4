import { isDeepStrictEqual } from 'node:util';
import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';
import type { Tag } from '../core/tags.ts';
import { checkCapabilities } from './capabilities.ts';
import { deployStack } from './deploy-stack.ts';
import { readSsm, refuseUnsupportedReferences } from './dynamic-references.ts';
import { resolve } from './intrinsics.ts';
import { resolveParameters } from './parameters.ts';
import { isSameTemplate, type PreparedTemplate, prepareTemplate } from './prepared-template.ts';
import { refuseUnsupportedTypes } from './providers/refused-types.ts';
import { deleteStack, type Ending } from './remove-resources.ts';
import type { Assets, DesiredStack, Stack, StackDeployment, StackEvent } from './stack.ts';
import { type EngineContext, StackRun } from './stack-run.ts';
import { type Template, validationError } from './template.ts';

/** A requested deployment. */
export interface StackRequest {
  readonly template: Template;
  /** The template's text. */
  readonly body: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  /** `*` stands for all. */
  readonly capabilities: readonly string[];
}

/** Options of a started operation. */
export interface StartOptions {
  readonly assets?: Assets;
  readonly listener?: (event: StackEvent) => void;
  readonly clientRequestToken?: string;
  /** Whether a failed creation is left as it is. @default false */
  readonly disableRollback?: boolean;
}

/** A started operation. */
export interface StartedOperation {
  readonly stack: Stack;
  /** Resolves when the operation has ended; the stack's status is its outcome. Never rejects. */
  readonly done: Promise<void>;
}

/** The message of an update without changes, by which clients recognize it. */
export const NO_UPDATES = 'No updates are to be performed.';

const UPDATABLE: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

/** Starts operations on stacks, unless the stack's status forbids them. */
export class Engine {
  readonly context: EngineContext;

  constructor(context: EngineContext) {
    this.context = context;
  }

  /**
   * Creates a stack in REVIEW_IN_PROGRESS for `use`; if that throws, there is none. Throws AlreadyExistsException,
   * ValidationError.
   */
  async reserve<T>(stackName: string, use: (stack: Stack) => Promise<T>): Promise<T> {
    const { account, ids, clock, stacks } = this.context;
    checkStackName('stackName', stackName);
    if (stacks.find(stackName)) throw new AwsError('AlreadyExistsException', `Stack [${stackName}] already exists`);
    const stack: Stack = {
      stackId: arn(account, 'cloudformation', `stack/${stackName}/${ids.uuid()}`),
      stackName,
      createdAt: new Date(clock.now()),
      status: 'REVIEW_IN_PROGRESS',
      resources: new Map(),
      outputs: [],
      imports: new Set(),
      events: [],
      assets: new Map(),
      disableRollback: false,
      terminationProtection: false,
    };
    stacks.set(stack.stackId, stack);
    try {
      return await use(stack);
    } catch (error) {
      stacks.delete(stack.stackId);
      throw error;
    }
  }

  /**
   * Checks the request as far as possible before a resource is created. Throws ValidationError, also for resource types
   * that the local runtime does not support, and InsufficientCapabilitiesException.
   */
  async prepare(stack: Stack, request: StackRequest): Promise<DesiredStack> {
    const { template, body, tags, capabilities } = request;
    const parameters = await resolveParameters(template.Parameters ?? {}, request.parameters, (name) =>
      readSsm(name, this.context),
    );
    const pseudo = { ...this.context.account, stackName: stack.stackName, stackId: stack.stackId };
    const prepared = prepareTemplate(template, body, parameters, pseudo);
    refuseUnsupportedTypes([{ stackName: stack.stackName, resources: prepared.resources }]);
    refuseUnsupportedReferences(prepared.resources);
    refuseTypeChanges(stack, prepared);
    checkCapabilities(prepared.resources.values(), capabilities);
    const given = capabilities.length > 0 ? capabilities : (stack.deployed?.capabilities ?? []);
    return { ...prepared, deployment: { template, body, parameters, pseudo, tags, capabilities: given } };
  }

  /** Throws AlreadyExistsException and the errors of `prepare`. A stack in REVIEW_IN_PROGRESS is created, too. */
  create(stackName: string, request: StackRequest, options: StartOptions): Promise<StartedOperation> {
    const reviewed = this.context.stacks.find(stackName);
    const create = async (stack: Stack) => this.deploy(stack, await this.prepare(stack, request), options);
    return reviewed?.status === 'REVIEW_IN_PROGRESS' ? create(reviewed) : this.reserve(stackName, create);
  }

  /** Throws ValidationError if the stack's status forbids an update, and the errors of `prepare` and `deploy`. */
  async update(stack: Stack, request: StackRequest, options: StartOptions): Promise<StartedOperation> {
    refuseUnlessUpdatable(stack);
    return this.deploy(stack, await this.prepare(stack, request), options);
  }

  /**
   * Creates the resources of a stack in REVIEW_IN_PROGRESS, or updates another one. Throws ValidationError if the
   * stack's status forbids an update or nothing would change.
   */
  deploy(stack: Stack, desired: DesiredStack, options: StartOptions): StartedOperation {
    const isNew = stack.status === 'REVIEW_IN_PROGRESS';
    if (!isNew) {
      refuseUnlessUpdatable(stack);
      if (options.disableRollback) {
        throw validationError('The local runtime does not simulate updates without rollback.');
      }
      if (!isChange(stack, desired)) throw validationError(NO_UPDATES);
      stack.updatedAt = new Date(this.context.clock.now());
    }
    const status = isNew ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS';
    return this.#start(stack, status, options, (run) => deployStack(run, desired));
  }

  /** The metadata of a resource of the stack. */
  metadata(stack: Stack, logicalId: string): unknown {
    const prepared = stack.deployed && preparedAgain(stack.deployed);
    const { Metadata = {} } = prepared?.resources.get(logicalId) ?? {};
    return prepared && resolve(Metadata, new StackRun(this.context, stack).scope(prepared));
  }

  /** Deletes a stack; `retain` names resources to keep. Throws ValidationError while an operation is in progress. */
  delete(stack: Stack, retain: readonly string[], options: StartOptions): StartedOperation {
    if (stack.status === 'DELETE_COMPLETE') return { stack, done: Promise.resolve() };
    if (stack.terminationProtection) {
      throw validationError(`Stack [${stack.stackName}] cannot be deleted while TerminationProtection is enabled`);
    }
    if (stack.status.endsWith('_IN_PROGRESS') && stack.status !== 'REVIEW_IN_PROGRESS') {
      throw validationError(`Stack [${stack.stackId}] cannot be deleted while in status ${stack.status}`);
    }
    return this.#start(stack, 'DELETE_IN_PROGRESS', options, (run) => deleteStack(run, retain));
  }

  #start(
    stack: Stack,
    status: StackStatus,
    { assets, listener, clientRequestToken, disableRollback = false }: StartOptions,
    work: (run: StackRun) => Promise<Ending>,
  ): StartedOperation {
    const run = new StackRun(this.context, stack);
    for (const [hash, asset] of assets ?? []) stack.assets.set(hash, asset);
    Object.assign(stack, { listener, clientRequestToken, disableRollback, isInterrupted: false });
    run.stackStatus(status, 'User Initiated');
    const finish = (ending: Ending) => {
      run.stackStatus(ending.status, ending.reason);
      stack.listener = undefined;
    };
    return { stack, done: work(run).then(finish) };
  }
}

/** Checks the name of a stack or change set. Throws ValidationError. */
export function checkStackName(member: string, name: string | undefined): void {
  if (/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name ?? '')) return;
  throw validationError(constraintMessage(member, name, 'satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*'));
}

function refuseUnlessUpdatable({ stackId, status }: Stack): void {
  if (UPDATABLE.includes(status)) return;
  throw validationError(`Stack:${stackId} is in ${status} state and can not be updated.`);
}

function refuseTypeChanges({ resources }: Stack, prepared: PreparedTemplate): void {
  const changed = [...prepared.resources].filter(([id, { Type }]) => (resources.get(id)?.type ?? Type) !== Type);
  if (changed.length === 0) return;
  throw validationError(
    'Update of resource type is not permitted. The new template modifies resource type of the following resources: ' +
      `[${changed.map(([id]) => id).join(', ')}]`,
  );
}

/** Whether deploying `desired` would change the stack. */
export function isChange({ deployed, isInterrupted = false }: Stack, desired: DesiredStack): boolean {
  return (
    deployed === undefined ||
    isInterrupted ||
    !isSameTemplate(preparedAgain(deployed), desired) ||
    !isDeepStrictEqual(deployed.tags, desired.deployment.tags)
  );
}

/** The template of a deployment. */
export const preparedAgain = ({ template, body, parameters, pseudo }: StackDeployment): PreparedTemplate =>
  prepareTemplate(template, body, parameters, pseudo);
