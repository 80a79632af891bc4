import type { StackStatus } from '@aws-sdk/client-cloudformation';
import type { Durable } from '../core/cloud.ts';
import type { Stack, Stacks } from './stack.ts';

/**
 * Statuses after a restart that has interrupted an operation. The records of the resources are true, so the next
 * deployment or deletion goes on from them.
 */
const AFTER_INTERRUPTION: Readonly<Partial<Record<StackStatus, StackStatus>>> = {
  CREATE_IN_PROGRESS: 'CREATE_FAILED',
  ROLLBACK_IN_PROGRESS: 'ROLLBACK_FAILED',
  UPDATE_IN_PROGRESS: 'UPDATE_ROLLBACK_COMPLETE',
  UPDATE_ROLLBACK_IN_PROGRESS: 'UPDATE_ROLLBACK_COMPLETE',
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: 'UPDATE_ROLLBACK_COMPLETE',
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: 'UPDATE_COMPLETE',
  DELETE_IN_PROGRESS: 'DELETE_FAILED',
};

const INTERRUPTED = 'The local runtime was stopped during the operation. Deploy or delete the stack again.';

/** The stacks and their histories. Change sets are not kept: a client creates another one. */
export const durableStacks = (stacks: Stacks): Durable => ({
  save: () => [...stacks.values()].map(({ listener: _, ...stack }): Stack => stack),
  load(saved: readonly Stack[]) {
    for (const stack of saved) {
      const status = AFTER_INTERRUPTION[stack.status];
      if (status !== undefined) Object.assign(stack, { status, reason: INTERRUPTED, isInterrupted: true });
      stacks.set(stack.stackId, stack);
    }
  },
});
