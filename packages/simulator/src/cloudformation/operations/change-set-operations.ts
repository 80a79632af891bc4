import type {
  ChangeSetSummary,
  CloudFormation,
  DescribeChangeSetOutput,
  GetTemplateOutput,
} from '@aws-sdk/client-cloudformation';
import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/aws-error.ts';
import type { Deps, Operation } from '../../core/cloud.ts';
import { operationsOf } from '../../core/operations.ts';
import { unlessEmpty } from '../../core/unless-empty.ts';
import { checkStackName, type Engine, isChange } from '../engine.ts';
import type { DesiredStack, Stack, StackDeployment, Stacks } from '../stack.ts';
import { StackRun } from '../stack-run.ts';
import { validationError } from '../template.ts';
import { describeParameters } from './describe.ts';
import { expectedChanges } from './expected-changes.ts';
import { onStack, readRequest } from './request.ts';

interface ChangeSet {
  readonly stack: Stack;
  readonly desired: DesiredStack;
  /** What was deployed when the change set was created. Another deployment makes it obsolete. */
  readonly base?: StackDeployment;
  readonly description: DescribeChangeSetOutput;
  /** The members that differ with IncludePropertyValues. */
  readonly withValues: DescribeChangeSetOutput;
}

/** The members that name a change set. StackName is needed unless ChangeSetName is an id. */
type ChangeSetNames = Pick<ChangeSetSummary, 'ChangeSetName' | 'StackName'>;

/** The reason by which `cdk deploy` recognizes a change set without changes. */
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** The operations on change sets, and GetTemplate, which can name one. */
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
      const existing = ChangeSetType === 'CREATE' ? reviewed(stacks, input) : stacks.existing(StackName);
      const request = await readRequest(input, { cloud: deps.cloud, caller, stack: existing });
      const add = async (stack: Stack) => {
        const desired = await engine.prepare(stack, request);
        if (pending(changeSets, stack).some(({ description }) => description.ChangeSetName === ChangeSetName)) {
          throw new AwsError('AlreadyExistsException', `ChangeSet [${ChangeSetName}] already exists`);
        }
        const Id = arn(deps.account, 'cloudformation', `changeSet/${ChangeSetName}/${deps.ids.uuid()}`);
        const named = { ChangeSetId: Id, ChangeSetName, Description, Capabilities };
        const description = { ...named, ...describeChanges(stack, desired, engine) };
        const isEmpty = description.Status === 'FAILED';
        const withValues = isEmpty ? {} : expectedChanges(stack, desired, engine.context, { hasValues: true });
        changeSets.set(Id, { stack, desired, base: stack.deployed, description, withValues });
        return { Id, StackId: stack.stackId };
      };
      // A new stack waits for the change set's execution in REVIEW_IN_PROGRESS.
      return await (existing
        ? add(existing)
        : engine.reserve(StackName, async (stack) => {
            const added = await add(stack);
            new StackRun(engine.context, stack).stackStatus('REVIEW_IN_PROGRESS', 'User Initiated');
            return added;
          }));
    },
    DescribeChangeSet(input) {
      const { description, withValues } = find(input);
      return { ...description, ...(input.IncludePropertyValues && withValues) };
    },
    ExecuteChangeSet(input) {
      const { DisableRollback: disableRollback, ClientRequestToken: clientRequestToken } = input;
      const { stack, desired, description } = find(input);
      if (description.ExecutionStatus !== 'AVAILABLE') {
        const status =
          description.Status === 'FAILED'
            ? 'status of [FAILED]'
            : `execution status of [${description.ExecutionStatus}]`;
        const message = `cannot be executed in its current ${status}`;
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
    GetTemplate: (input) => getTemplate(stacks, find, input),
    ListChangeSets: ({ StackName }) => ({
      Summaries: pending(changeSets, stacks.existing(StackName)).map(({ description }) => description),
    }),
  });
}

/** The stack of that name in REVIEW_IN_PROGRESS, if there is one. Throws ValidationError if it is past that. */
function reviewed(stacks: Stacks, { StackName = '', ChangeSetName }: ChangeSetNames): Stack | undefined {
  const stack = stacks.find(StackName);
  if (!stack || stack.status === 'REVIEW_IN_PROGRESS') return stack;
  const message = `already exists and cannot be created again with the changeSet [${ChangeSetName}]`;
  throw validationError(`Stack [${StackName}] ${message}.`);
}

function getTemplate(
  stacks: Stacks,
  find: (names: ChangeSetNames) => ChangeSet,
  { StackName, ChangeSetName }: ChangeSetNames,
): GetTemplateOutput {
  if (StackName === undefined && !ChangeSetName?.startsWith('arn:')) {
    throw validationError(
      ChangeSetName === undefined
        ? 'StackName is required if ChangeSetName is not specified.'
        : 'StackName is a required parameter.',
    );
  }
  const source =
    ChangeSetName === undefined ? stacks.existing(StackName).deployed : find({ ChangeSetName, StackName }).desired;
  return { TemplateBody: source?.body ?? '{}', StagesAvailable: ['Original', 'Processed'] };
}

const ofStack = (changeSets: ReadonlyMap<string, ChangeSet>, stack: Stack): ChangeSet[] =>
  [...changeSets.values()].filter((changeSet) => changeSet.stack === stack).map(current);

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
  if (byId) return current(byId);
  const missing = () => new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
  if (name.startsWith('arn:')) throw missing();
  if (StackName === undefined) {
    throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
  }
  const stack = stacks.find(StackName);
  if (!stack) throw validationError(`Stack [${StackName}] does not exist`);
  const found = ofStack(changeSets, stack).findLast(({ description }) => description.ChangeSetName === name);
  if (!found) throw missing();
  return found;
}

function current(changeSet: ChangeSet): ChangeSet {
  const { stack, base, description } = changeSet;
  if (description.ExecutionStatus === 'AVAILABLE' && stack.deployed !== base) description.ExecutionStatus = 'OBSOLETE';
  return changeSet;
}

/** What a change set's description says of its stack. */
function describeChanges(stack: Stack, desired: DesiredStack, { context }: Engine): DescribeChangeSetOutput {
  const isEmpty = stack.status !== 'REVIEW_IN_PROGRESS' && !isChange(stack, desired);
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    CreationTime: new Date(context.clock.now()),
    Status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
    StatusReason: isEmpty ? NO_CHANGES : undefined,
    ExecutionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
    Parameters: unlessEmpty(describeParameters(desired.deployment)),
    NotificationARNs: [],
    RollbackConfiguration: {},
    Tags: unlessEmpty([...desired.deployment.tags]),
    Changes: isEmpty ? [] : expectedChanges(stack, desired, context, { hasValues: false }).Changes,
    IncludeNestedStacks: false,
  };
}
