import { AwsError } from '../core/aws-error.ts';
import { root } from '../core/cloud.ts';
import type { Tag } from '../core/tags.ts';
import type { Assets } from './assets.ts';
import { canonicalJson } from './canonical-json.ts';
import { checkCapabilities } from './capabilities.ts';
import { createStack } from './create-stack.ts';
import { deleteStack } from './delete-stack.ts';
import { resolveParameters } from './parameters.ts';
import { effectiveText, type PreparedTemplate, prepareTemplate } from './prepared-template.ts';
import type { Ending } from './run-parts.ts';
import type { DesiredStack, Stack, StackEvent, StackStatus } from './stack.ts';
import { type EngineContext, pseudoOf, StackRun } from './stack-run.ts';
import { newStackId } from './stacks.ts';
import { checkTemplate, type Template, validationError } from './template.ts';
import { updateStack } from './update-stack.ts';

/** What is asked of a deployment, by whatever way it comes. */
export interface StackRequest {
  readonly template: Template;
  /** The template's text for GetTemplate. @default the template as JSON */
  readonly body?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  /** `*`: all. */
  readonly capabilities: readonly string[];
}

/** Options of a started operation. */
export interface StartOptions {
  readonly assets?: Assets;
  readonly listener?: (event: StackEvent) => void;
  readonly clientRequestToken?: string;
  /** Leave a failed creation as it is. @default false */
  readonly disableRollback?: boolean;
}

/** An operation under way. */
export interface Started {
  readonly stack: Stack;
  /** Resolves when the operation has ended, well or badly: the stack's status tells. Never rejects. */
  readonly done: Promise<void>;
}

const updatable: readonly StackStatus[] = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

/** Starts operations on stacks and refuses those that a stack's status forbids. */
export class Engine {
  readonly context: EngineContext;
  readonly #bootstrapVersion: string;

  constructor(context: EngineContext, bootstrapVersion: string) {
    this.context = context;
    this.#bootstrapVersion = bootstrapVersion;
  }

  /** A stack that waits for its first change set (REVIEW_IN_PROGRESS). Throws AlreadyExistsException. */
  reserve(stackName: string): Stack {
    const stack = this.#newStack(stackName);
    this.context.stacks.add(stack);
    return stack;
  }

  #newStack(stackName: string): Stack {
    const { account, ids, clock } = this.context;
    if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(stackName)) {
      throw validationError(
        `1 validation error detected: Value '${stackName}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
      );
    }
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
   * Everything that can be checked before anything is made. Throws ValidationError, also for resource types that the local
   * runtime does not have, and InsufficientCapabilitiesException.
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
    this.#checkTypes(stack.stackName, prepared);
    refuseTypeChanges(stack, prepared);
    checkCapabilities(prepared, request.capabilities);
    return { template: prepared, tags: request.tags, capabilities: request.capabilities };
  }

  /** Throws AlreadyExistsException and all that `prepare` throws. */
  async create(stackName: string, request: StackRequest, options: StartOptions = {}): Promise<Started> {
    const stack = this.#newStack(stackName);
    const desired = await this.prepare(stack, request);
    // Another request for the same name may have come while parameters were looked up.
    this.#refuseExisting(stackName);
    this.context.stacks.add(stack);
    return this.createReserved(stack, desired, options);
  }

  /** Creates what a stack in REVIEW_IN_PROGRESS was reserved for. */
  createReserved(stack: Stack, desired: DesiredStack, options: StartOptions): Started {
    this.#refuseUnless(stack, ['REVIEW_IN_PROGRESS'], 'updated');
    return this.#start(stack, 'CREATE_IN_PROGRESS', options, (run) => createStack(run, desired));
  }

  /** Throws ValidationError: no such stack, wrong status, `No updates are to be performed.`, and all that `prepare` throws. */
  async update(nameOrId: string, request: StackRequest, options: StartOptions = {}): Promise<Started> {
    const stack = this.context.stacks.get(nameOrId);
    this.#refuseUnless(stack, updatable, 'updated');
    const desired = await this.prepare(stack, request);
    return this.updatePrepared(stack, desired, options);
  }

  /** As `update`, with what `prepare` returned. */
  updatePrepared(stack: Stack, desired: DesiredStack, options: StartOptions): Started {
    this.#refuseUnless(stack, updatable, 'updated');
    if (!isChange(stack, desired)) throw validationError('No updates are to be performed.');
    stack.updatedAt = new Date(this.context.clock.now());
    return this.#start(stack, 'UPDATE_IN_PROGRESS', options, (run) => updateStack(run, desired));
  }

  /** Deletes a stack; `retain` names resources to keep after a failed deletion. Throws ValidationError while it is being changed. */
  delete(stack: Stack, retain: readonly string[], options: StartOptions = {}): Started {
    if (stack.status === 'DELETE_COMPLETE') return { stack, done: Promise.resolve() };
    if (stack.terminationProtection) {
      throw validationError(`Stack [${stack.stackName}] cannot be deleted while TerminationProtection is enabled`);
    }
    if (stack.status.endsWith('_IN_PROGRESS') && stack.status !== 'REVIEW_IN_PROGRESS') {
      throw validationError(`Stack [${stack.stackId}] cannot be deleted while in status ${stack.status}`);
    }
    return this.#start(stack, 'DELETE_IN_PROGRESS', options, (run) => deleteStack(run, retain));
  }

  #start(stack: Stack, status: StackStatus, options: StartOptions, work: (run: StackRun) => Promise<Ending>): Started {
    const run = new StackRun(this.context, stack);
    for (const [hash, asset] of options.assets ?? []) stack.assets.set(hash, asset);
    stack.listener = options.listener;
    stack.clientRequestToken = options.clientRequestToken;
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

  #checkTypes(stackName: string, prepared: PreparedTemplate): void {
    const problems: string[] = [];
    for (const [logicalId, { Type }] of prepared.resources) {
      try {
        this.context.provider(Type);
      } catch {
        problems.push(`${Type} (${logicalId})`);
      }
    }
    if (problems.length > 0) {
      throw validationError(
        `Stack ${stackName} has resources of types that the local runtime does not support: ${problems.join(', ')}.`,
      );
    }
  }

  async #readSsm(name: string): Promise<string> {
    // Nothing has to be bootstrapped here, and CDK's templates ask only for this version.
    if (/^\/cdk-bootstrap\/[^/]+\/version$/.test(name)) return this.#bootstrapVersion;
    const { cloud, account } = this.context;
    try {
      const { Parameter } = await cloud.call('ssm', 'GetParameter', { Name: name }, root(account));
      return String(Parameter.Value);
    } catch (cause) {
      throw new AwsError(
        'ValidationError',
        `Unable to fetch parameters [${name}] from parameter store for this account.`,
        400,
        {},
        cause,
      );
    }
  }
}

function refuseTypeChanges({ resources }: Pick<Stack, 'resources'>, prepared: PreparedTemplate): void {
  const changed = [...prepared.resources].filter(([id, { Type }]) => (resources.get(id)?.type ?? Type) !== Type);
  if (changed.length > 0) {
    throw validationError(
      `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${changed.map(([id]) => id).join(', ')}]`,
    );
  }
}

/** Would deploying `desired` do anything to the stack? */
export function isChange(stack: Stack, desired: DesiredStack): boolean {
  const { deployed } = stack;
  return (
    deployed === undefined ||
    effectiveText(deployed.template) !== effectiveText(desired.template) ||
    canonicalJson(deployed.tags) !== canonicalJson(desired.tags)
  );
}
