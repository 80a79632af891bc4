import { reversed } from './dependency-order.ts';
import { runInOrder } from './run-in-order.ts';
import { dependenciesOf, type Ending, failedIds } from './run-parts.ts';
import type { StackRun } from './stack-run.ts';

/** Deletes every resource of the stack in reverse order, except those that are to be kept: by policy or named in `retain`. */
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
    (id) => {
      const resource = stack.resources.get(id)!;
      const policy = resource.deletionPolicy;
      return run.delete(resource, retain.includes(id) || policy === 'Retain' || policy === 'RetainExceptOnCreate');
    },
    { keepGoing: true },
  );
  return failures.length === 0
    ? { status: 'DELETE_COMPLETE' }
    : { status: 'DELETE_FAILED', reason: failedIds('delete', failures) };
}
