import type { Deps, Operation } from '../../core/cloud.ts';
import type { Engine } from '../engine.ts';
import type { Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { describeEvent, describeResource, describeStack } from './describe.ts';
import { page } from './page.ts';
import { isTrue, onStack, readRequest, type StackInput } from './request.ts';

interface Paged {
  readonly StackName?: string;
  readonly NextToken?: string;
}

interface OnResource extends Paged {
  readonly StackName: string;
  readonly LogicalResourceId?: string;
}

/** CreateStack, UpdateStack, DeleteStack, the Describe… and List… operations, GetTemplate. */
export function stackOperations({ account, cloud }: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  const on = (action: string) => onStack(action, account, stacks);
  const existing = (input: { readonly StackName?: string }): Stack => {
    if (input.StackName === undefined) {
      throw validationError(
        "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null",
      );
    }
    return stacks.get(input.StackName);
  };

  return {
    CreateStack: {
      permissions: on('CreateStack'),
      async run(input: StackInput, caller) {
        const onFailure = input.OnFailure ?? 'ROLLBACK';
        if (onFailure === 'DELETE') throw validationError('The local runtime does not simulate OnFailure DELETE.');
        const request = await readRequest(cloud, input, undefined, caller);
        const { stack } = await engine.create(input.StackName, request, {
          disableRollback: isTrue(input.DisableRollback) || onFailure === 'DO_NOTHING',
          clientRequestToken: input.ClientRequestToken,
        });
        stack.terminationProtection = isTrue(input.EnableTerminationProtection);
        return { StackId: stack.stackId };
      },
    },
    UpdateStack: {
      permissions: on('UpdateStack'),
      async run(input: StackInput, caller) {
        if (isTrue(input.DisableRollback)) {
          throw validationError('The local runtime does not simulate updates without rollback.');
        }
        const stack = existing(input);
        const request = await readRequest(cloud, input, stack, caller);
        await engine.update(stack.stackId, request, { clientRequestToken: input.ClientRequestToken });
        return { StackId: stack.stackId };
      },
    },
    DeleteStack: {
      permissions: on('DeleteStack'),
      run(input: { StackName: string; RetainResources?: string[]; ClientRequestToken?: string }) {
        // Deleting what isn't there succeeds, as in AWS.
        const stack = stacks.find(input.StackName);
        if (stack) engine.delete(stack, input.RetainResources ?? [], { clientRequestToken: input.ClientRequestToken });
        return {};
      },
    },
    UpdateTerminationProtection: {
      permissions: on('UpdateTerminationProtection'),
      run(input: { StackName: string; EnableTerminationProtection: boolean | string }) {
        const stack = existing(input);
        stack.terminationProtection = isTrue(input.EnableTerminationProtection);
        return { StackId: stack.stackId };
      },
    },
    DescribeStacks: {
      permissions: on('DescribeStacks'),
      run(input: Paged) {
        if (input.StackName !== undefined) return { Stacks: [describeStack(existing(input))] };
        const { items, NextToken } = page(stacks.live().reverse(), input.NextToken);
        return { Stacks: items.map(describeStack), NextToken };
      },
    },
    DescribeStackEvents: {
      permissions: on('DescribeStackEvents'),
      run(input: Paged) {
        const { items, NextToken } = page([...existing(input).events].reverse(), input.NextToken);
        return { StackEvents: items.map(describeEvent), NextToken };
      },
    },
    DescribeStackResources: {
      permissions: on('DescribeStackResources'),
      run(input: OnResource) {
        const stack = existing(input);
        const wanted = [...stack.resources.values()].filter(
          ({ logicalId }) => input.LogicalResourceId === undefined || logicalId === input.LogicalResourceId,
        );
        return { StackResources: wanted.map((resource) => describeResource(stack, resource)) };
      },
    },
    DescribeStackResource: {
      permissions: on('DescribeStackResource'),
      run(input: OnResource) {
        const stack = existing(input);
        const resource = stack.resources.get(input.LogicalResourceId ?? '');
        if (!resource) {
          throw validationError(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.stackName}`);
        }
        const { Timestamp, ...rest } = describeResource(stack, resource);
        return { StackResourceDetail: { ...rest, LastUpdatedTimestamp: Timestamp } };
      },
    },
    ListStackResources: {
      permissions: on('ListStackResources'),
      run(input: Paged) {
        const stack = existing(input);
        const { items, NextToken } = page([...stack.resources.values()], input.NextToken);
        const summaries = items.map((resource) => {
          const { Timestamp, StackId: _id, StackName: _name, ...rest } = describeResource(stack, resource);
          return { ...rest, LastUpdatedTimestamp: Timestamp };
        });
        return { StackResourceSummaries: summaries, NextToken };
      },
    },
    ListStacks: {
      permissions: () => [{ action: 'cloudformation:ListStacks', resource: '*' }],
      run(input: { NextToken?: string; StackStatusFilter?: string[] }) {
        const wanted = stacks
          .all()
          .reverse()
          .filter(({ status }) => !input.StackStatusFilter?.length || input.StackStatusFilter.includes(status));
        const { items, NextToken } = page(wanted, input.NextToken);
        return {
          StackSummaries: items.map((stack) => ({
            StackId: stack.stackId,
            StackName: stack.stackName,
            TemplateDescription: stack.deployed?.template.template.Description,
            CreationTime: stack.createdAt,
            LastUpdatedTime: stack.updatedAt,
            DeletionTime: stack.deletedAt,
            StackStatus: stack.status,
            StackStatusReason: stack.reason,
          })),
          NextToken,
        };
      },
    },
    ListExports: {
      permissions: () => [{ action: 'cloudformation:ListExports', resource: '*' }],
      run(input: Paged) {
        const all = stacks
          .live()
          .flatMap(({ stackId, outputs }) =>
            outputs.flatMap(({ exportName, value }) =>
              exportName === undefined ? [] : [{ ExportingStackId: stackId, Name: exportName, Value: value }],
            ),
          );
        const { items, NextToken } = page(all, input.NextToken);
        return { Exports: items, NextToken };
      },
    },
    GetTemplate: {
      permissions: on('GetTemplate'),
      run(input: Paged) {
        const stack = existing(input);
        return {
          TemplateBody: stack.deployed?.template.body ?? '{}',
          StagesAvailable: ['Original', 'Processed'],
        };
      },
    },
  };
}
