import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormationStacks } from '../ports.ts';
import { type Client, isNamed, send } from './client.ts';

/** DescribeStacks. */
export function cloudFormationStacks(client: Client): CloudFormationStacks {
  return {
    async describe(stackId) {
      try {
        const { Stacks } = await send(client, new DescribeStacksCommand({ StackName: stackId }));
        const status = Stacks?.[0]?.StackStatus;
        if (status === undefined) throw new Error(`DescribeStacks returned no stack for ${stackId}.`);
        if (status === 'DELETE_COMPLETE') return { kind: 'gone', status };
        // A change set under review changes nothing yet.
        const deploying = status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
        return { kind: deploying ? 'deploying' : 'idle', status };
      } catch (error) {
        if (isNamed(error, 'ValidationError') && /does not exist/.test(error.message)) {
          return { kind: 'gone', status: 'DELETE_COMPLETE' };
        }
        throw error;
      }
    },
  };
}
