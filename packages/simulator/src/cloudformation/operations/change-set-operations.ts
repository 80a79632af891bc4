import type { CreateChangeSetInput, ExecuteChangeSetInput, ListChangeSetsInput } from '@aws-sdk/client-cloudformation';
import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/aws-error.ts';
import type { Caller, Deps, Operation } from '../../core/cloud.ts';
import { permitted } from '../../core/permitted.ts';
import { type Engine, isChange, type StackRequest } from '../engine.ts';
import { checkStackName } from '../names.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { expectedChanges, type ResourceChange } from './expected-changes.ts';
import { readRequest, stackResource } from './request.ts';

interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly stack: Stack;
  readonly created: Date;
  readonly desired: DesiredStack;
  readonly changes: readonly ResourceChange[];
  readonly description?: string;
  readonly capabilities: readonly string[];
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE' | 'OBSOLETE';
  readonly reason?: string;
}

/** The members that name a change set. StackName is needed unless ChangeSetName is an id. */
type ChangeSetInput = Pick<ExecuteChangeSetInput, 'ChangeSetName' | 'StackName'>;

/** The reason by which `cdk deploy` recognizes a change set without changes. */
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet, ListChangeSets. */
export function changeSetOperations(deps: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  const changeSets = new ChangeSets(deps, stacks, engine);
  const resourceOf = (input: ChangeSetInput) =>
    stackResource(changeSets.byId(input.ChangeSetName ?? '')?.stack.stackId ?? input.StackName, deps.account, stacks);
  return permitted('cloudformation', resourceOf, {
    async CreateChangeSet(input: CreateChangeSetInput, caller: Caller) {
      checkStackName('changeSetName', input.ChangeSetName);
      return await changeSets.create(input, caller);
    },
    DescribeChangeSet: (input: ChangeSetInput) => describeChangeSet(changeSets.find(input)),
    ExecuteChangeSet(input: ExecuteChangeSetInput) {
      changeSets.execute(changeSets.find(input), input);
      return {};
    },
    DeleteChangeSet(input: ChangeSetInput) {
      try {
        changeSets.delete(changeSets.find(input));
      } catch (error) {
        // As in AWS, deleting a change set that does not exist succeeds.
        if (!(error instanceof AwsError && error.code === 'ChangeSetNotFound')) throw error;
      }
      return {};
    },
    ListChangeSets: ({ StackName = '' }: ListChangeSetsInput) => ({
      Summaries: changeSets.ofStack(stacks.get(StackName)).map(summarizeChangeSet),
    }),
  });
}

/** All change sets of the account. */
class ChangeSets {
  readonly #deps: Deps;
  readonly #stacks: Stacks;
  readonly #engine: Engine;
  readonly #byId = new Map<string, ChangeSet>();

  constructor(deps: Deps, stacks: Stacks, engine: Engine) {
    this.#deps = deps;
    this.#stacks = stacks;
    this.#engine = engine;
  }

  byId(id: string): ChangeSet | undefined {
    return this.#byId.get(id);
  }

  ofStack(stack: Stack): ChangeSet[] {
    return [...this.#byId.values()].filter((changeSet) => changeSet.stack === stack);
  }

  /** Throws ValidationError, ChangeSetNotFound. */
  find({ ChangeSetName = '', StackName }: ChangeSetInput): ChangeSet {
    const byId = this.#byId.get(ChangeSetName);
    if (byId) return byId;
    if (StackName === undefined) {
      throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
    }
    const found = this.ofStack(this.#stacks.get(StackName)).find(({ name }) => name === ChangeSetName);
    if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${ChangeSetName}] does not exist`, 404);
    return found;
  }

  /** Of type CREATE, the change set is for a new stack, which waits for it in REVIEW_IN_PROGRESS. */
  async create(input: CreateChangeSetInput, caller: Caller) {
    const { cloud } = this.#deps;
    const { StackName = '' } = input;
    const isReserved = this.#stacks.find(StackName)?.status === 'REVIEW_IN_PROGRESS';
    if (input.ChangeSetType !== 'CREATE' || isReserved) {
      const stack = this.#stacks.get(StackName);
      return await this.#add(input, stack, await readRequest(cloud, input, stack, caller));
    }
    const request = await readRequest(cloud, input, undefined, caller);
    const stack = this.#engine.reserve(StackName);
    try {
      return await this.#add(input, stack, request);
    } catch (error) {
      this.#stacks.discard(stack);
      throw error;
    }
  }

  async #add(input: CreateChangeSetInput, stack: Stack, request: StackRequest) {
    const { account, clock, ids } = this.#deps;
    const { ChangeSetName: name = '' } = input;
    const desired = await this.#engine.prepare(stack, request);
    if (this.ofStack(stack).some((changeSet) => changeSet.name === name)) {
      throw new AwsError('AlreadyExistsException', `ChangeSet [${name}] already exists`);
    }
    const isEmpty = stack.status !== 'REVIEW_IN_PROGRESS' && !isChange(stack, desired);
    const changeSet: ChangeSet = {
      id: arn(account, 'cloudformation', `changeSet/${name}/${ids.uuid()}`),
      name,
      stack,
      created: new Date(clock.now()),
      desired,
      changes: isEmpty ? [] : expectedChanges(stack, desired, this.#engine.context),
      description: input.Description,
      capabilities: input.Capabilities ?? [],
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      executionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
      reason: isEmpty ? NO_CHANGES : undefined,
    };
    this.#byId.set(changeSet.id, changeSet);
    return { Id: changeSet.id, StackId: stack.stackId };
  }

  /** Starts the deployment. Throws InvalidChangeSetStatus, ValidationError. */
  execute(changeSet: ChangeSet, input: ExecuteChangeSetInput): void {
    const { stack, desired, executionStatus } = changeSet;
    if (executionStatus !== 'AVAILABLE') {
      const message = `cannot be executed in its current execution status of [${executionStatus}]`;
      throw new AwsError('InvalidChangeSetStatus', `ChangeSet [${changeSet.id}] ${message}`);
    }
    const options = { clientRequestToken: input.ClientRequestToken };
    const disableRollback = input.DisableRollback === true;
    if (stack.status === 'REVIEW_IN_PROGRESS') {
      this.#engine.createReserved(stack, desired, { ...options, disableRollback });
    } else {
      if (disableRollback) throw validationError('The local runtime does not simulate updates without rollback.');
      this.#engine.updatePrepared(stack, desired, options);
    }
    stack.lastChangeSetId = changeSet.id;
    for (const other of this.ofStack(stack)) other.executionStatus = 'OBSOLETE';
    changeSet.executionStatus = 'EXECUTE_COMPLETE';
  }

  delete(changeSet: ChangeSet): void {
    this.#byId.delete(changeSet.id);
  }
}

function describeChangeSet(changeSet: ChangeSet) {
  const { parameters } = changeSet.desired.template;
  const Parameters = [...parameters.given].map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
  return {
    ...summarizeChangeSet(changeSet),
    Description: changeSet.description,
    Parameters,
    NotificationARNs: [],
    RollbackConfiguration: {},
    Capabilities: changeSet.capabilities,
    Tags: changeSet.desired.tags,
    Changes: changeSet.changes,
    IncludeNestedStacks: false,
  };
}

/** `ChangeSetSummary` of ListChangeSets. */
function summarizeChangeSet(changeSet: ChangeSet) {
  return {
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    StackId: changeSet.stack.stackId,
    StackName: changeSet.stack.stackName,
    Status: changeSet.status,
    StatusReason: changeSet.reason,
    ExecutionStatus: changeSet.executionStatus,
    CreationTime: changeSet.created,
  };
}
