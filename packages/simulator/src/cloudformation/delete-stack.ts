import { entryOf } from '../core/entry-of.ts';
import { reversed } from './dependency-order.ts';
import { runInOrder } from './run-in-order.ts';
import { dependenciesOf, type Ending, failedIds } from './run-parts.ts';
import { isRetained } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** Deletes the stack's resources in reverse order, except those that their policy or `retain` keeps. */
export async function deleteStack(run: StackRun, retain: readonly string[]): Promise<Ending> {
  const { stack, engine } = run;
  for (const { exportName } of stack.outputs) {
    const users = exportName === undefined ? [] : engine.stacks.importers(exportName);
    if (users.length > 0) {
      return {
        status: 'DELETE_FAILED',
        reason: `Export ${exportName} cannot be deleted as it is in use by ${users.join(', ')}`,
      };
    }
  }
  const failures = await runInOrder(
    reversed(dependenciesOf(stack.resources.values())),
    async (id) => {
      const resource = entryOf(stack.resources, id);
      if (retain.includes(id) || isRetained(resource.deletionPolicy)) run.release(resource);
      else await run.delete(resource);
    },
    { keepGoing: true },
  );
  return failures.length === 0
    ? { status: 'DELETE_COMPLETE' }
    : { status: 'DELETE_FAILED', reason: failedIds('delete', failures) };
}
