import { DescribeStacksCommand, type DescribeStacksOutput } from '@aws-sdk/client-cloudformation';
import type { Stacks } from '../ports.ts';
import { type Client, isNamed } from './client.ts';

/** DescribeStacks. */
export function cloudFormationStacks(client: Client): Stacks {
  return {
    async describe(stackId) {
      try {
        const output: DescribeStacksOutput = await client.send(new DescribeStacksCommand({ StackName: stackId }));
        const status = output.Stacks?.[0]?.StackStatus;
        if (status === undefined) throw new Error(`DescribeStacks told nothing of ${stackId}`);
        if (status === 'DELETE_COMPLETE') return { kind: 'gone', status };
        // A change set under review changes nothing yet.
        const deploying = status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
        return { kind: deploying ? 'deploying' : 'idle', status };
      } catch (error) {
        if (isNamed(error, 'ValidationError') && /does not exist/.test((error as Error).message)) {
          return { kind: 'gone', status: 'DELETE_COMPLETE' };
        }
        throw error;
      }
    },
  };
}
