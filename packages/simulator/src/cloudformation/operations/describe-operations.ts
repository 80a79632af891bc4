import type {
  DescribeStackEventsInput,
  DescribeStackResourceInput,
  DescribeStackResourcesInput,
  DescribeStacksInput,
  GetTemplateInput,
  GetTemplateSummaryInput,
  ListExportsInput,
  ListStackResourcesInput,
  ListStacksInput,
  ValidateTemplateInput,
} from '@aws-sdk/client-cloudformation';
import type { Cloud, Deps, Operation } from '../../core/cloud.ts';
import { page } from '../../core/page.ts';
import { permitted } from '../../core/permitted.ts';
import type { Stack } from '../stack.ts';
import type { Stacks } from '../stacks.ts';
import { validationError } from '../template.ts';
import { describeEvent, describeResource, describeStack, summarizeTemplate } from './describe.ts';
import { existingStack, onStack, readTemplateBody } from './request.ts';

const PAGE_SIZE = 100;

/** The Describe… and List… operations on stacks, and those on templates. */
export function describeOperations({ account, cloud }: Deps, stacks: Stacks): Record<string, Operation> {
  return {
    ...templateOperations(cloud, stacks),
    ...onStack(account, stacks, stackReads(stacks)),
  };
}

function stackReads(stacks: Stacks) {
  return {
    ...resourceReads(stacks),
    DescribeStacks(input: DescribeStacksInput) {
      if (input.StackName !== undefined) return { Stacks: [describeStack(existingStack(stacks, input))] };
      const { items, NextToken } = pageFrom(stacks.live().reverse(), input);
      return { Stacks: items.map(describeStack), NextToken };
    },
    DescribeStackEvents(input: DescribeStackEventsInput) {
      // By this message, which is this operation's alone, CDK's command knows that a stack has been deleted.
      const stack = stacks.find(input.StackName ?? '');
      if (!stack) throw validationError(`Stack [${input.StackName}] does not exist`);
      const { items, NextToken } = pageFrom([...stack.events].reverse(), input);
      return { StackEvents: items.map(describeEvent), NextToken };
    },
    ListStacks(input: ListStacksInput) {
      const statuses: readonly string[] = input.StackStatusFilter ?? [];
      const found = stacks.all().filter(({ status }) => statuses.length === 0 || statuses.includes(status));
      const { items, NextToken } = pageFrom(found.reverse(), input);
      return { StackSummaries: items.map(summarizeStack), NextToken };
    },
    ListExports(input: ListExportsInput) {
      const { items, NextToken } = pageFrom(stacks.live().flatMap(exportsOf), input);
      return { Exports: items, NextToken };
    },
    GetTemplate(input: GetTemplateInput) {
      const TemplateBody = existingStack(stacks, input).deployed?.template.body ?? '{}';
      return { TemplateBody, StagesAvailable: ['Original', 'Processed'] };
    },
  };
}

function templateOperations(cloud: Cloud, stacks: Stacks): Record<string, Operation> {
  return permitted('cloudformation', () => '*', {
    async ValidateTemplate(input: ValidateTemplateInput, caller) {
      const {
        ResourceTypes: _types,
        Version: _version,
        ...summary
      } = summarizeTemplate(await readTemplateBody(cloud, input, undefined, caller));
      const Parameters = summary.Parameters.map(({ ParameterType: _type, ParameterConstraints: _, ...rest }) => rest);
      return { ...summary, Parameters };
    },
    async GetTemplateSummary(input: GetTemplateSummaryInput, caller) {
      const stack = input.StackName === undefined ? undefined : existingStack(stacks, input);
      const source = stack ? { UsePreviousTemplate: true } : input;
      return summarizeTemplate(await readTemplateBody(cloud, source, stack, caller));
    },
  });
}

function resourceReads(stacks: Stacks) {
  return {
    DescribeStackResources(input: DescribeStackResourcesInput) {
      const stack = existingStack(stacks, input);
      const found = [...stack.resources.values()].filter(
        ({ logicalId }) => input.LogicalResourceId === undefined || logicalId === input.LogicalResourceId,
      );
      return { StackResources: found.map((resource) => describeResource(stack, resource)) };
    },
    DescribeStackResource(input: DescribeStackResourceInput) {
      const stack = existingStack(stacks, input);
      const resource = stack.resources.get(input.LogicalResourceId ?? '');
      if (!resource) {
        throw validationError(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.stackName}`);
      }
      const { Timestamp, ...rest } = describeResource(stack, resource);
      return { StackResourceDetail: { ...rest, LastUpdatedTimestamp: Timestamp } };
    },
    ListStackResources(input: ListStackResourcesInput) {
      const stack = existingStack(stacks, input);
      const { items, NextToken } = pageFrom([...stack.resources.values()], input);
      const StackResourceSummaries = items.map((resource) => {
        const { Timestamp, StackId: _id, StackName: _name, ...rest } = describeResource(stack, resource);
        return { ...rest, LastUpdatedTimestamp: Timestamp };
      });
      return { StackResourceSummaries, NextToken };
    },
  };
}

/** One page of `all`. The token is the position of its first item. Throws ValidationError. */
function pageFrom<T>(all: readonly T[], { NextToken }: Pick<DescribeStacksInput, 'NextToken'>) {
  const start = Number(NextToken ?? 0);
  if (!Number.isInteger(start) || start < 0) throw validationError('NextToken is invalid.');
  const { items, next } = page(all, PAGE_SIZE, start);
  return { items, NextToken: next === undefined ? undefined : String(next) };
}

/** `StackSummary` of ListStacks. */
function summarizeStack(stack: Stack) {
  return {
    StackId: stack.stackId,
    StackName: stack.stackName,
    TemplateDescription: stack.deployed?.template.template.Description,
    CreationTime: stack.createdAt,
    LastUpdatedTime: stack.updatedAt,
    DeletionTime: stack.deletedAt,
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
  };
}

/** `Export` of ListExports. */
function exportsOf({ stackId, outputs }: Stack) {
  return outputs.flatMap(({ exportName, value }) =>
    exportName === undefined ? [] : [{ ExportingStackId: stackId, Name: exportName, Value: value }],
  );
}
