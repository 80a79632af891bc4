import type { GetParameterResult } from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import { root } from '../core/cloud.ts';
import type { Tag } from '../core/tags.ts';
import type { Assets } from './assets.ts';
import { BOOTSTRAP_VERSION } from './bootstrap-stack.ts';
import { canonicalJson } from './canonical-json.ts';
import { checkCapabilities } from './capabilities.ts';
import { createStack } from './create-stack.ts';
import { deleteStack } from './delete-stack.ts';
import { checkStackName } from './names.ts';
import { resolveParameters } from './parameters.ts';
import { effectiveText, type PreparedTemplate, prepareTemplate } from './prepared-template.ts';
import { refuseUnsupportedTypes } from './providers/refused-types.ts';
import type { Ending } from './run-parts.ts';
import type { DesiredStack, Stack, StackEvent, StackStatus } from './stack.ts';
import { type EngineContext, pseudoOf, StackRun } from './stack-run.ts';
import { newStackId } from './stacks.ts';
import { checkTemplate, type Template, validationError } from './template.ts';
import { updateStack } from './update-stack.ts';

/** A requested deployment. */
export interface StackRequest {
  readonly template: Template;
  /** The template's text for GetTemplate. @default the template as JSON */
  readonly body?: string;
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

  /** Creates a stack in REVIEW_IN_PROGRESS, for its first change set. Throws AlreadyExistsException. */
  reserve(stackName: string): Stack {
    const stack = this.#newStack(stackName);
    this.context.stacks.add(stack);
    return stack;
  }

  #newStack(stackName: string): Stack {
    const { account, ids, clock } = this.context;
    checkStackName('stackName', stackName);
    this.#refuseExisting(stackName);
    return {
      stackId: newStackId(account, stackName, ids),
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
  }

  #refuseExisting(stackName: string): void {
    if (this.context.stacks.find(stackName)) {
      throw new AwsError('AlreadyExistsException', `Stack [${stackName}] already exists`);
    }
  }

  /**
   * Checks the request as far as possible before a resource is created. Throws ValidationError, also for resource types
   * that the local runtime does not support, and InsufficientCapabilitiesException.
   */
  async prepare(
    stack: Pick<Stack, 'stackName' | 'stackId' | 'resources'>,
    request: StackRequest,
  ): Promise<DesiredStack> {
    const template = checkTemplate(request.template);
    const parameters = await resolveParameters(template.Parameters ?? {}, request.parameters, (name) =>
      this.#readSsm(name),
    );
    const pseudo = pseudoOf(this.context.account, stack);
    const body = request.body ?? JSON.stringify(template);
    const prepared = prepareTemplate(template, body, parameters, pseudo);
    refuseUnsupportedTypes([{ stackName: stack.stackName, resources: prepared.resources }]);
    refuseTypeChanges(stack, prepared);
    checkCapabilities(prepared, request.capabilities);
    return { template: prepared, tags: request.tags, capabilities: request.capabilities };
  }

  /** Throws AlreadyExistsException and the errors of `prepare`. */
  async create(stackName: string, request: StackRequest, options: StartOptions = {}): Promise<StartedOperation> {
    const stack = this.#newStack(stackName);
    const desired = await this.prepare(stack, request);
    // Another request may have created the stack while parameters were looked up.
    this.#refuseExisting(stackName);
    this.context.stacks.add(stack);
    return this.createReserved(stack, desired, options);
  }

  /** Creates the resources of a stack in REVIEW_IN_PROGRESS. */
  createReserved(stack: Stack, desired: DesiredStack, options: StartOptions): StartedOperation {
    this.#refuseUnless(stack, ['REVIEW_IN_PROGRESS'], 'updated');
    return this.#start(stack, 'CREATE_IN_PROGRESS', options, (run) => createStack(run, desired));
  }

  /**
   * Throws ValidationError if there is no such stack, if its status forbids an update or nothing would change
   * (`No updates are to be performed.`), and the errors of `prepare`.
   */
  async update(nameOrId: string, request: StackRequest, options: StartOptions = {}): Promise<StartedOperation> {
    const stack = this.context.stacks.get(nameOrId);
    this.#refuseUnless(stack, UPDATABLE, 'updated');
    const desired = await this.prepare(stack, request);
    return this.updatePrepared(stack, desired, options);
  }

  /** Like `update`, with the result of `prepare`. */
  updatePrepared(stack: Stack, desired: DesiredStack, options: StartOptions): StartedOperation {
    this.#refuseUnless(stack, UPDATABLE, 'updated');
    if (!isChange(stack, desired)) throw validationError(NO_UPDATES);
    stack.updatedAt = new Date(this.context.clock.now());
    return this.#start(stack, 'UPDATE_IN_PROGRESS', options, (run) => updateStack(run, desired));
  }

  /** Deletes a stack; `retain` names resources to keep. Throws ValidationError while an operation is in progress. */
  delete(stack: Stack, retain: readonly string[], options: StartOptions = {}): StartedOperation {
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
    options: StartOptions,
    work: (run: StackRun) => Promise<Ending>,
  ): StartedOperation {
    const run = new StackRun(this.context, stack);
    for (const [hash, asset] of options.assets ?? []) stack.assets.set(hash, asset);
    stack.listener = options.listener;
    stack.clientRequestToken = options.clientRequestToken;
    stack.isInterrupted = false;
    stack.disableRollback = options.disableRollback ?? false;
    run.stackStatus(status, 'User Initiated');
    return { stack, done: this.#finish(run, work(run)) };
  }

  async #finish(run: StackRun, work: Promise<Ending>): Promise<void> {
    const { stack } = run;
    const ending = await work;
    if (ending.status === 'DELETE_COMPLETE') {
      stack.deletedAt = new Date(this.context.clock.now());
      this.context.stacks.retire(stack);
    }
    run.stackStatus(ending.status, ending.reason);
    stack.listener = undefined;
  }

  #refuseUnless(stack: Stack, statuses: readonly StackStatus[], verb: string): void {
    if (!statuses.includes(stack.status)) {
      throw validationError(`Stack:${stack.stackId} is in ${stack.status} state and can not be ${verb}.`);
    }
  }

  async #readSsm(name: string): Promise<string> {
    const { cloud, account } = this.context;
    try {
      const input = { Name: name };
      const { Parameter } = await cloud.call<GetParameterResult>('ssm', 'GetParameter', input, root(account));
      return String(Parameter?.Value);
    } catch (cause) {
      // CDK's templates check the version of the bootstrap stack, which is not needed here.
      if (/^\/cdk-bootstrap\/[^/]+\/version$/.test(name)) return BOOTSTRAP_VERSION;
      const message = `Unable to fetch parameters [${name}] from parameter store for this account.`;
      throw new AwsError('ValidationError', message, 400, { cause });
    }
  }
}

function refuseTypeChanges({ resources }: Pick<Stack, 'resources'>, prepared: PreparedTemplate): void {
  const changed = [...prepared.resources].filter(([id, { Type }]) => (resources.get(id)?.type ?? Type) !== Type);
  if (changed.length > 0) {
    throw validationError(
      'Update of resource type is not permitted. ' +
        'The new template modifies resource type of the following resources: ' +
        `[${changed.map(([id]) => id).join(', ')}]`,
    );
  }
}

/** Whether deploying `desired` would change the stack. */
export function isChange(stack: Stack, desired: DesiredStack): boolean {
  const { deployed } = stack;
  return (
    deployed === undefined ||
    stack.isInterrupted === true ||
    effectiveText(deployed.template) !== effectiveText(desired.template) ||
    canonicalJson(deployed.tags) !== canonicalJson(desired.tags)
  );
}
