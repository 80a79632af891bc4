import type { CloudFormation } from '@aws-sdk/client-cloudformation';
import type { Deps, Operation } from '../../core/cloud.ts';
import { operationsOf } from '../../core/operations.ts';
import { requestedPage } from '../../core/page.ts';
import type { Engine } from '../engine.ts';
import type { Stacks } from '../stack.ts';
import { validationError } from '../template.ts';
import { describeEvent, describeResources, describeStack, exportsOf, summarizeTemplate } from './describe.ts';
import { onStack, readRequest, readTemplateBody } from './request.ts';

const PAGE_SIZE = 100;

/** The operations that change stacks, and those on templates. */
export function stackOperations({ account, cloud }: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  return operationsOf<CloudFormation>()('cloudformation', onStack(account, stacks), {
    async CreateStack(input, caller) {
      const { StackName = '', OnFailure = 'ROLLBACK', ClientRequestToken: clientRequestToken } = input;
      if (OnFailure === 'DELETE') throw validationError('The local runtime does not simulate OnFailure DELETE.');
      const disableRollback = input.DisableRollback === true || OnFailure === 'DO_NOTHING';
      const request = await readRequest(input, { cloud, caller });
      const { stack } = await engine.create(StackName, request, { disableRollback, clientRequestToken });
      stack.terminationProtection = input.EnableTerminationProtection === true;
      return { StackId: stack.stackId };
    },
    async UpdateStack(input, caller) {
      const { DisableRollback: disableRollback, ClientRequestToken: clientRequestToken } = input;
      const stack = stacks.existing(input.StackName);
      const request = await readRequest(input, { cloud, caller, stack });
      await engine.update(stack, request, { disableRollback, clientRequestToken });
      stack.lastChangeSetId = undefined;
      return { StackId: stack.stackId };
    },
    DeleteStack({ StackName, RetainResources = [], ClientRequestToken: clientRequestToken }) {
      // As in AWS, deleting a stack that does not exist succeeds.
      const stack = stacks.find(StackName);
      if (stack) engine.delete(stack, RetainResources, { clientRequestToken });
      return {};
    },
    UpdateTerminationProtection(input) {
      const stack = stacks.existing(input.StackName);
      stack.terminationProtection = input.EnableTerminationProtection === true;
      return { StackId: stack.stackId };
    },
    async ValidateTemplate(input, caller) {
      return summarizeTemplate(await readTemplateBody(input, { cloud, caller }));
    },
    async GetTemplateSummary(input, caller) {
      const stack = input.StackName === undefined ? undefined : stacks.existing(input.StackName);
      if (stack?.status === 'REVIEW_IN_PROGRESS') {
        throw validationError('GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.');
      }
      const source = stack ? { UsePreviousTemplate: true } : input;
      return summarizeTemplate(await readTemplateBody(source, { cloud, caller, stack }));
    },
  });
}

/** The operations that read stacks. */
export function stackReads({ account }: Deps, stacks: Stacks, engine: Engine): Record<string, Operation> {
  return operationsOf<CloudFormation>()('cloudformation', onStack(account, stacks), {
    DescribeStacks(input) {
      if (input.StackName !== undefined) return { Stacks: [describeStack(stacks.existing(input.StackName))] };
      const { items, NextToken } = pageFrom(stacks.live().reverse(), input);
      return { Stacks: items.map(describeStack), NextToken };
    },
    DescribeStackEvents(input) {
      // By this message, which is this operation's alone, CDK's command knows that a stack has been deleted.
      const stack = stacks.find(input.StackName);
      if (!stack) throw validationError(`Stack [${input.StackName}] does not exist`);
      const { items, NextToken } = pageFrom([...stack.events].reverse(), input);
      return { StackEvents: items.map(describeEvent), NextToken };
    },
    DescribeStackResources(input) {
      const { LogicalResourceId: id } = input;
      const resources = describeResources(stacks.existing(input.StackName));
      return {
        StackResources: resources.filter(
          (resource) => (id ?? resource.LogicalResourceId) === resource.LogicalResourceId,
        ),
      };
    },
    DescribeStackResource(input) {
      const { StackName, LogicalResourceId: id = '' } = input;
      const stack = stacks.find(StackName);
      if (!stack) throw validationError(`Stack '${StackName}' does not exist`);
      const found = describeResources(stack).find(({ LogicalResourceId }) => LogicalResourceId === id);
      if (found) return { StackResourceDetail: { ...found, Metadata: JSON.stringify(engine.metadata(stack, id)) } };
      throw validationError(`Resource ${id} does not exist for stack ${StackName}`);
    },
    ListStackResources(input) {
      const { items, NextToken } = pageFrom(describeResources(stacks.existing(input.StackName)), input);
      return { StackResourceSummaries: items, NextToken };
    },
    ListStacks(input) {
      const statuses: readonly string[] = input.StackStatusFilter ?? [];
      const found = [...stacks.values()].filter(({ status }) => statuses.length === 0 || statuses.includes(status));
      const { items, NextToken } = pageFrom(found.reverse(), input);
      return { StackSummaries: items.map(describeStack), NextToken };
    },
    ListExports(input) {
      const { items, NextToken } = pageFrom(stacks.live().flatMap(exportsOf), input);
      return { Exports: items, NextToken };
    },
  });
}

/** One page of `all`. Throws ValidationError. */
function pageFrom<T>(all: readonly T[], { NextToken }: { readonly NextToken?: string }) {
  const request = { size: PAGE_SIZE, max: PAGE_SIZE, token: NextToken };
  const { items, token } = requestedPage(all, request, () => validationError('NextToken is invalid.'));
  return { items, NextToken: token };
}
