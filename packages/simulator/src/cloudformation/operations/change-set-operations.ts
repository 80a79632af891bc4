import type {
  CloudFormation,
  CreateChangeSetInput,
  DescribeChangeSetOutput,
  ExecuteChangeSetInput,
} from '@aws-sdk/client-cloudformation';
import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/aws-error.ts';
import type { Deps, Operation } from '../../core/cloud.ts';
import { operationsOf } from '../../core/operations.ts';
import { checkStackName, type Engine, isChange, type StackRequest } from '../engine.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { expectedChanges } from './expected-changes.ts';
import { onStack, readRequest } from './request.ts';

interface ChangeSet {
  readonly stack: Stack;
  readonly desired: DesiredStack;
  readonly description: DescribeChangeSetOutput;
}

/** The members that name a change set. StackName is needed unless ChangeSetName is an id. */
type ChangeSetNames = Pick<ExecuteChangeSetInput, 'StackName'> & { readonly ChangeSetName?: string };

/** The reason by which `cdk deploy` recognizes a change set without changes. */
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet, ListChangeSets. */
export function changeSetOperations(deps: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  const changeSets = new ChangeSets(deps, stacks, engine);
  const ofStack = onStack(deps.account, stacks);
  const resourceOf = ({ ChangeSetName = '', StackName }: ChangeSetNames) =>
    ofStack({ StackName: changeSets.byId.get(ChangeSetName)?.stack.stackId ?? StackName });
  return operationsOf<CloudFormation>()('cloudformation', resourceOf, {
    async CreateChangeSet(input, caller) {
      const { StackName, ChangeSetName, ChangeSetType } = input;
      checkStackName('changeSetName', ChangeSetName);
      const isNew = ChangeSetType === 'CREATE' && stacks.find(StackName)?.status !== 'REVIEW_IN_PROGRESS';
      const stack = isNew ? undefined : stacks.get(StackName ?? '');
      const request = await readRequest(input, { cloud: deps.cloud, caller, stack });
      if (stack) return await changeSets.add(stack, input, request);
      // The new stack waits for the change set's execution in REVIEW_IN_PROGRESS.
      return await engine.reserve(StackName ?? '', (reserved) => changeSets.add(reserved, input, request));
    },
    DescribeChangeSet: (input) => changeSets.find(input).description,
    ExecuteChangeSet(input) {
      changeSets.execute(input);
      return {};
    },
    DeleteChangeSet(input) {
      try {
        changeSets.byId.delete(changeSets.find(input).description.ChangeSetId ?? '');
      } catch (error) {
        // As in AWS, deleting a change set that does not exist succeeds.
        if (!(error instanceof AwsError && error.code === 'ChangeSetNotFound')) throw error;
      }
      return {};
    },
    ListChangeSets: ({ StackName = '' }) => ({
      Summaries: changeSets.ofStack(stacks.get(StackName)).map(({ description }) => description),
    }),
  });
}

/** All change sets of the account. */
class ChangeSets {
  readonly byId = new Map<string, ChangeSet>();
  readonly #deps: Deps;
  readonly #stacks: Stacks;
  readonly #engine: Engine;

  constructor(deps: Deps, stacks: Stacks, engine: Engine) {
    this.#deps = deps;
    this.#stacks = stacks;
    this.#engine = engine;
  }

  ofStack(stack: Stack): ChangeSet[] {
    return [...this.byId.values()].filter((changeSet) => changeSet.stack === stack);
  }

  /** Throws ValidationError, ChangeSetNotFound. */
  find({ ChangeSetName: name = '', StackName }: ChangeSetNames): ChangeSet {
    const byId = this.byId.get(name);
    if (byId) return byId;
    if (StackName === undefined) {
      throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
    }
    const ofStack = this.ofStack(this.#stacks.get(StackName));
    const found = ofStack.find(({ description }) => description.ChangeSetName === name);
    if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
    return found;
  }

  /** Throws AlreadyExistsException and the errors of `Engine.prepare`. */
  async add(
    stack: Stack,
    { ChangeSetName, Description, Capabilities = [] }: CreateChangeSetInput,
    request: StackRequest,
  ) {
    const { account, clock, ids } = this.#deps;
    const desired = await this.#engine.prepare(stack, request);
    if (this.ofStack(stack).some(({ description }) => description.ChangeSetName === ChangeSetName)) {
      throw new AwsError('AlreadyExistsException', `ChangeSet [${ChangeSetName}] already exists`);
    }
    const isEmpty = stack.status !== 'REVIEW_IN_PROGRESS' && !isChange(stack, desired);
    const Id = arn(account, 'cloudformation', `changeSet/${ChangeSetName}/${ids.uuid()}`);
    const given = [...desired.parameters.given];
    const description: DescribeChangeSetOutput = {
      ChangeSetId: Id,
      ChangeSetName,
      StackId: stack.stackId,
      StackName: stack.stackName,
      Description,
      CreationTime: new Date(clock.now()),
      Status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      StatusReason: isEmpty ? NO_CHANGES : undefined,
      ExecutionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
      Parameters: given.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      NotificationARNs: [],
      RollbackConfiguration: {},
      Capabilities,
      Tags: [...request.tags],
      Changes: isEmpty ? [] : expectedChanges(stack, desired, this.#engine.context),
      IncludeNestedStacks: false,
    };
    this.byId.set(Id, { stack, desired, description });
    return { Id, StackId: stack.stackId };
  }

  /** Starts the deployment. Throws InvalidChangeSetStatus, ValidationError. */
  execute(input: ExecuteChangeSetInput): void {
    const { DisableRollback: disableRollback, ClientRequestToken: clientRequestToken } = input;
    const { stack, desired, description } = this.find(input);
    if (description.ExecutionStatus !== 'AVAILABLE') {
      const message = `cannot be executed in its current execution status of [${description.ExecutionStatus}]`;
      throw new AwsError('InvalidChangeSetStatus', `ChangeSet [${description.ChangeSetId}] ${message}`);
    }
    this.#engine.deploy(stack, desired, { disableRollback, clientRequestToken });
    stack.lastChangeSetId = description.ChangeSetId;
    for (const other of this.ofStack(stack)) other.description.ExecutionStatus = 'OBSOLETE';
    description.ExecutionStatus = 'EXECUTE_COMPLETE';
  }
}
