import type { Durable } from '../core/cloud.ts';
import type { ResolvedParameters } from './parameters.ts';
import { prepareTemplate } from './prepared-template.ts';
import type { DesiredStack, Stack, StackStatus } from './stack.ts';
import type { Stacks } from './stacks.ts';
import type { Template } from './template.ts';
import type { Pseudo } from './template-scope.ts';

/** A requested state, from which the rest can be prepared again. */
interface SavedDesired extends Omit<DesiredStack, 'template'> {
  readonly template: Template;
  readonly body: string;
  readonly parameters: ResolvedParameters;
  readonly pseudo: Pseudo;
}

type SavedStack = Omit<Stack, 'deployed' | 'listener'> & { readonly deployed?: SavedDesired };

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
export function durableStacks(stacks: Stacks): Durable {
  return {
    save: () =>
      stacks.all().map(
        ({ listener: _, deployed, ...stack }): SavedStack => ({
          ...stack,
          ...(deployed && { deployed: savedDesired(deployed) }),
        }),
      ),
    load(saved: readonly SavedStack[]) {
      for (const { deployed, ...rest } of saved) {
        const stack: Stack = { ...rest, ...(deployed && { deployed: preparedAgain(deployed) }) };
        const status = AFTER_INTERRUPTION[stack.status];
        if (status !== undefined) {
          stack.status = status;
          stack.reason = INTERRUPTED;
          stack.isInterrupted = true;
        }
        stacks.add(stack);
        if (stack.status === 'DELETE_COMPLETE') stacks.retire(stack);
      }
    },
  };
}

function savedDesired({ template: prepared, ...rest }: DesiredStack): SavedDesired {
  const { template, body, parameters, pseudo } = prepared;
  return { ...rest, template, body, parameters, pseudo };
}

function preparedAgain({ template, body, parameters, pseudo, ...rest }: SavedDesired): DesiredStack {
  return { ...rest, template: prepareTemplate(template, body, parameters, pseudo) };
}
