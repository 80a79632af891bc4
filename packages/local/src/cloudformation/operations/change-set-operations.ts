import { arn } from '../../core/account.ts';
import { AwsError } from '../../core/aws-error.ts';
import type { Deps, Operation } from '../../core/cloud.ts';
import { type Engine, isChange } from '../engine.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { type Change, expectedChanges } from './expected-changes.ts';
import { isTrue, onStack, readRequest, type StackInput } from './request.ts';

interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly stack: Stack;
  readonly created: Date;
  readonly desired: DesiredStack;
  readonly changes: readonly Change[];
  readonly description?: string;
  readonly capabilities: readonly string[];
  status: 'CREATE_COMPLETE' | 'FAILED';
  executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'EXECUTE_COMPLETE' | 'OBSOLETE';
  readonly reason?: string;
}

interface OnChangeSet {
  readonly ChangeSetName: string;
  readonly StackName?: string;
}

type CreateInput = StackInput & {
  readonly ChangeSetName: string;
  readonly ChangeSetType?: string;
  readonly Description?: string;
};

/** The words by which `cdk deploy` knows that there is nothing to do. */
const noChanges =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** CreateChangeSet, DescribeChangeSet, ExecuteChangeSet, DeleteChangeSet, ListChangeSets. */
export function changeSetOperations(deps: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  const { account, cloud, clock, ids } = deps;
  const changeSets = new Map<string, ChangeSet>();
  const on = (action: string) => (input: OnChangeSet) => {
    const StackName = changeSets.get(input.ChangeSetName)?.stack.stackId ?? input.StackName;
    return onStack(action, account, stacks)({ StackName });
  };

  const ofStack = (stack: Stack) => [...changeSets.values()].filter((changeSet) => changeSet.stack === stack);
  const find = (input: OnChangeSet): ChangeSet => {
    const byId = changeSets.get(input.ChangeSetName);
    if (byId) return byId;
    if (input.StackName === undefined) {
      throw validationError('StackName must be specified if ChangeSetName is not specified as an ARN.');
    }
    const found = ofStack(stacks.get(input.StackName)).find(({ name }) => name === input.ChangeSetName);
    if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${input.ChangeSetName}] does not exist`, 404);
    return found;
  };

  const create = async (input: CreateInput, stack: Stack, request: Parameters<Engine['prepare']>[1]) => {
    const desired = await engine.prepare(stack, request);
    if (ofStack(stack).some(({ name }) => name === input.ChangeSetName)) {
      throw new AwsError('AlreadyExistsException', `ChangeSet [${input.ChangeSetName}] already exists`);
    }
    const isEmpty = stack.status !== 'REVIEW_IN_PROGRESS' && !isChange(stack, desired);
    const changeSet: ChangeSet = {
      id: arn(account, 'cloudformation', `changeSet/${input.ChangeSetName}/${ids.uuid()}`),
      name: input.ChangeSetName,
      stack,
      created: new Date(clock.now()),
      desired,
      changes: isEmpty ? [] : expectedChanges(stack, desired, engine.context),
      description: input.Description,
      capabilities: input.Capabilities ?? [],
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      executionStatus: isEmpty ? 'UNAVAILABLE' : 'AVAILABLE',
      reason: isEmpty ? noChanges : undefined,
    };
    changeSets.set(changeSet.id, changeSet);
    return { Id: changeSet.id, StackId: stack.stackId };
  };

  return {
    CreateChangeSet: {
      permissions: (input: CreateInput) => onStack('CreateChangeSet', account, stacks)(input),
      async run(input: CreateInput, caller) {
        if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(input.ChangeSetName ?? '')) {
          throw validationError(
            `1 validation error detected: Value '${input.ChangeSetName}' at 'changeSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
          );
        }
        const known = stacks.find(input.StackName);
        const isReserved = known?.status === 'REVIEW_IN_PROGRESS';
        if ((input.ChangeSetType ?? 'UPDATE') === 'CREATE' && !isReserved) {
          const request = await readRequest(cloud, input, undefined, caller);
          const stack = engine.reserve(input.StackName);
          try {
            return await create(input, stack, request);
          } catch (error) {
            stacks.discard(stack);
            throw error;
          }
        }
        const stack = stacks.get(input.StackName);
        return await create(input, stack, await readRequest(cloud, input, stack, caller));
      },
    },
    DescribeChangeSet: {
      permissions: on('DescribeChangeSet'),
      run(input: OnChangeSet) {
        const changeSet = find(input);
        const { template, tags } = changeSet.desired;
        return {
          ChangeSetName: changeSet.name,
          ChangeSetId: changeSet.id,
          StackId: changeSet.stack.stackId,
          StackName: changeSet.stack.stackName,
          Description: changeSet.description,
          Parameters: [...template.parameters.given].map(([ParameterKey, ParameterValue]) => ({
            ParameterKey,
            ParameterValue,
          })),
          CreationTime: changeSet.created,
          ExecutionStatus: changeSet.executionStatus,
          Status: changeSet.status,
          StatusReason: changeSet.reason,
          NotificationARNs: [],
          RollbackConfiguration: {},
          Capabilities: changeSet.capabilities,
          Tags: tags,
          Changes: changeSet.changes,
          IncludeNestedStacks: false,
        };
      },
    },
    ExecuteChangeSet: {
      permissions: on('ExecuteChangeSet'),
      run(input: OnChangeSet & { ClientRequestToken?: string; DisableRollback?: boolean | string }) {
        const changeSet = find(input);
        const { stack, desired } = changeSet;
        if (changeSet.executionStatus !== 'AVAILABLE') {
          throw new AwsError(
            'InvalidChangeSetStatus',
            `ChangeSet [${changeSet.id}] cannot be executed in its current execution status of [${changeSet.executionStatus}]`,
          );
        }
        const options = { clientRequestToken: input.ClientRequestToken };
        const disableRollback = isTrue(input.DisableRollback);
        if (stack.status === 'REVIEW_IN_PROGRESS') {
          engine.createReserved(stack, desired, { ...options, disableRollback });
        } else {
          if (disableRollback) throw validationError('The local runtime does not simulate updates without rollback.');
          engine.updatePrepared(stack, desired, options);
        }
        stack.lastChangeSetId = changeSet.id;
        for (const other of ofStack(stack)) other.executionStatus = 'OBSOLETE';
        changeSet.executionStatus = 'EXECUTE_COMPLETE';
        return {};
      },
    },
    DeleteChangeSet: {
      permissions: on('DeleteChangeSet'),
      run(input: OnChangeSet) {
        try {
          changeSets.delete(find(input).id);
        } catch (error) {
          // Deleting a change set that isn't there succeeds.
          if (!(error instanceof AwsError && error.code === 'ChangeSetNotFound')) throw error;
        }
        return {};
      },
    },
    ListChangeSets: {
      permissions: (input: { StackName: string }) => onStack('ListChangeSets', account, stacks)(input),
      run: (input: { StackName: string }) => ({
        Summaries: ofStack(stacks.get(input.StackName)).map((changeSet) => ({
          ChangeSetId: changeSet.id,
          ChangeSetName: changeSet.name,
          StackId: changeSet.stack.stackId,
          StackName: changeSet.stack.stackName,
          Status: changeSet.status,
          StatusReason: changeSet.reason,
          ExecutionStatus: changeSet.executionStatus,
          CreationTime: changeSet.created,
        })),
      }),
    },
  };
}
