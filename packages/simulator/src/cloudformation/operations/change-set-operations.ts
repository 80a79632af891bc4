import type { ChangeSetSummary, CloudFormation, DescribeChangeSetOutput } from '@aws-sdk/client-cloudformation';
import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/aws-error.ts';
import type { Deps, Operation } from '../../core/cloud.ts';
import { operationsOf } from '../../core/operations.ts';
import { unlessEmpty } from '../../core/unless-empty.ts';
import { checkStackName, type Engine, isChange } from '../engine.ts';
import type { DesiredStack, Stack, Stacks } from '../stack.ts';
import { validationError } from '../template.ts';
import { expectedChanges } from './expected-changes.ts';
import { onStack, readRequest } from './request.ts';

interface ChangeSet {
  readonly stack: Stack;
  readonly desired: DesiredStack;
  readonly description: DescribeChangeSetOutput;
}

/** The members that name a change set. StackName is needed unless ChangeSetName is an id. */
type ChangeSetNames = Pick<ChangeSetSummary, 'ChangeSetName' | 'StackName'>;

/** The reason by which `cdk deploy` recognizes a change set without changes. */
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet, ListChangeSets. */
export function changeSetOperations(deps: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  const changeSets = new Map<string, ChangeSet>();
  const find = (names: ChangeSetNames) => findChangeSet(changeSets, stacks, names);
  const stackOf = onStack(deps.account, stacks);
  const resourceOf = ({ ChangeSetName = '', StackName }: ChangeSetNames) =>
    stackOf({ StackName: changeSets.get(ChangeSetName)?.stack.stackId ?? StackName });
  return operationsOf<CloudFormation>()('cloudformation', resourceOf, {
    async CreateChangeSet(input, caller) {
      const { StackName = '', ChangeSetName, ChangeSetType, Description, Capabilities = [] } = input;
      checkStackName('changeSetName', ChangeSetName);
      const isNew = ChangeSetType === 'CREATE' && stacks.find(StackName)?.status !== 'REVIEW_IN_PROGRESS';
      const existing = isNew ? undefined : stacks.existing(StackName);
      const request = await readRequest(input, { cloud: deps.cloud, caller, stack: existing });
      const add = async (stack: Stack) => {
        const desired = await engine.prepare(stack, request);
        if (pending(changeSets, stack).some(({ description }) => description.ChangeSetName === ChangeSetName)) {
          throw new AwsError('AlreadyExistsException', `ChangeSet [${ChangeSetName}] already exists`);
        }
        const Id = arn(deps.account, 'cloudformation', `changeSet/${ChangeSetName}/${deps.ids.uuid()}`);
        const named = { ChangeSetId: Id, ChangeSetName, Description, Capabilities };
        const description = { ...named, ...describeChanges(stack, desired, engine) };
        changeSets.set(Id, { stack, desired, description });
        return { Id, StackId: stack.stackId };
      };
      // A new stack waits for the change set's execution in REVIEW_IN_PROGRESS.
      return await (existing ? add(existing) : engine.reserve(StackName, add));
    },
    DescribeChangeSet: (input) => find(input).description,
    ExecuteChangeSet(input) {
      const { DisableRollback: disableRollback, ClientRequestToken: clientRequestToken } = input;
      const { stack, desired, description } = find(input);
      if (description.ExecutionStatus !== 'AVAILABLE') {
        const message = `cannot be executed in its current execution status of [${description.ExecutionStatus}]`;
        throw new AwsError('InvalidChangeSetStatus', `ChangeSet [${description.ChangeSetId}] ${message}`);
      }
      engine.deploy(stack, desired, { disableRollback, clientRequestToken });
      stack.lastChangeSetId = description.ChangeSetId;
      stack.updatedAt = new Date(deps.clock.now());
      description.ExecutionStatus = 'EXECUTE_COMPLETE';
      for (const other of pending(changeSets, stack)) changeSets.delete(other.description.ChangeSetId ?? '');
      return {};
    },
    DeleteChangeSet(input) {
      try {
        changeSets.delete(find(input).description.ChangeSetId ?? '');
      } catch (error) {
        // As in AWS, deleting a change set that does not exist succeeds.
        if (!(error instanceof AwsError && error.code === 'ChangeSetNotFound')) throw error;
      }
      return {};
    },
    ListChangeSets: ({ StackName }) => ({
      Summaries: pending(changeSets, stacks.existing(StackName)).map(({ description }) => description),
    }),
  });
}

const ofStack = (changeSets: ReadonlyMap<string, ChangeSet>, stack: Stack): ChangeSet[] =>
  [...changeSets.values()].filter((changeSet) => changeSet.stack === stack);

/** Those that are not executed. Executing one deletes the others, and leaves its name to another one. */
const pending = (changeSets: ReadonlyMap<string, ChangeSet>, stack: Stack): ChangeSet[] =>
  ofStack(changeSets, stack).filter(({ description }) => description.ExecutionStatus !== 'EXECUTE_COMPLETE');

/** Throws ValidationError, ChangeSetNotFound. */
function findChangeSet(
  changeSets: ReadonlyMap<string, ChangeSet>,
  stacks: Stacks,
  { ChangeSetName: name = '', StackName }: ChangeSetNames,
): ChangeSet {
  const byId = changeSets.get(name);
  if (byId) return byId;
  if (StackName === undefined) {
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
  }
  const stack = stacks.find(StackName);
  if (!stack) throw validationError(`Stack [${StackName}] does not exist`);
  const found = ofStack(changeSets, stack).findLast(({ description }) => description.ChangeSetName === name);
  if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
  return found;
}

/** What a change set's description says of its stack. */
function describeChanges(stack: Stack, desired: DesiredStack, { context }: Engine): DescribeChangeSetOutput {
  const isEmpty = stack.status !== 'REVIEW_IN_PROGRESS' && !isChange(stack, desired);
  const given = [...desired.parameters.given];
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    CreationTime: new Date(context.clock.now()),
    Status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
    StatusReason: isEmpty ? NO_CHANGES : undefined,
    ExecutionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
    Parameters: unlessEmpty(given.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }))),
    NotificationARNs: [],
    RollbackConfiguration: {},
    Tags: unlessEmpty([...desired.deployment.tags]),
    Changes: isEmpty ? [] : expectedChanges(stack, desired, context),
    IncludeNestedStacks: false,
  };
}
