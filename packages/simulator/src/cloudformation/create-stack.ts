import { entryOf } from '../core/entry-of.ts';
import { reversed } from './dependency-order.ts';
import { runInOrder } from './run-in-order.ts';
import { dependenciesOf, type Ending, failedIds, resolveOutputs } from './run-parts.ts';
import type { DesiredStack } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** Creates all resources of `desired`. On failure deletes them, unless the stack's rollback is disabled. */
export async function createStack(run: StackRun, desired: DesiredStack): Promise<Ending> {
  const { stack } = run;
  stack.deployed = desired;
  const failures = await runInOrder(
    desired.template.dependencies,
    (id) => run.create(run.newRecord(desired, id), () => run.resolveProperties(desired, id), 'CREATE'),
    { onFailure: () => run.cancel() },
  );
  let reason = failedIds('create', failures);
  if (reason === undefined) {
    try {
      stack.outputs = resolveOutputs(run, desired);
      stack.imports = run.imports;
      return { status: 'CREATE_COMPLETE' };
    } catch (error) {
      reason = `${(error as Error).message} `;
    }
  }
  if (stack.disableRollback) return { status: 'CREATE_FAILED', reason };
  run.stackStatus('ROLLBACK_IN_PROGRESS', `${reason}Rollback requested by user.`);
  run.rollBack();
  const { resources } = stack;
  const left = await runInOrder(
    reversed(dependenciesOf(resources.values())),
    async (id) => {
      const resource = entryOf(resources, id);
      if (resource.deletionPolicy === 'Retain') run.release(resource);
      else await run.delete(resource);
    },
    { keepGoing: true },
  );
  return left.length === 0
    ? { status: 'ROLLBACK_COMPLETE' }
    : { status: 'ROLLBACK_FAILED', reason: failedIds('delete', left) };
}
