import { entryOf } from '../core/entry-of.ts';
import { dependenciesOf, type Ending, failedIds, removeResources } from './remove-resources.ts';
import { type Failure, runInOrder } from './run-in-order.ts';
import { type CreatedResource, type DesiredStack, isRetained, type StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** A deployment and its progress, by which it can be undone. */
export interface UpdateProgress {
  readonly run: StackRun;
  readonly desired: DesiredStack;
  /** The resources before the deployment. */
  readonly before: ReadonlyMap<string, CreatedResource>;
  /** Logical ids of the resources that were created, new or as replacements. */
  readonly created: Set<string>;
  /** Logical ids of the resources that were updated in place, even if that failed half-way. */
  readonly changed: Set<string>;
}

/** Restores the resources as they were before, then deletes those that the update has created. */
export async function rollBackUpdate(progress: UpdateProgress, reason: string): Promise<Ending> {
  const { run, desired, before, created, changed } = progress;
  const { resources } = run.stack;
  run.rollBack('UPDATE_ROLLBACK_IN_PROGRESS', reason);
  const attempted = new Map(resources);
  const isKept = ({ logicalId, handle }: StackResource) =>
    !created.has(logicalId) && before.get(logicalId)?.handle.physicalId === handle?.physicalId;
  const leftovers: StackResource[] = [...attempted.values()]
    .filter((now) => now.handle && !isKept(now))
    .map((now) => ({ ...now, deletionPolicy: now.deletionPolicy === 'Retain' ? 'Retain' : 'Delete' }));
  const restore = async (id: string) => {
    const old = entryOf(before, id);
    const now = entryOf(attempted, id);
    if (!now.handle || !isKept(now)) {
      run.restore(old);
    } else if (changed.has(id)) {
      await run.update({ ...now, handle: now.handle }, old);
      const isReplaced = resources.get(id)?.handle?.physicalId !== now.handle.physicalId;
      if (isReplaced) leftovers.push({ ...now, deletionPolicy: 'Delete' });
    } else {
      resources.set(id, old);
    }
  };
  const failures = await runInOrder(dependenciesOf(before.values()), restore);
  if (failures.length > 0) return { status: 'UPDATE_ROLLBACK_FAILED', reason: failedIds('update', failures) };
  run.stackStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, leftovers);
  for (const id of desired.resources.keys()) if (!before.has(id)) resources.delete(id);
  return { status: 'UPDATE_ROLLBACK_COMPLETE' };
}

/** Removes what is no longer part of the stack. A resource that cannot be deleted is left, and its event says so. */
export const cleanUp = (run: StackRun, leftovers: readonly StackResource[]): Promise<Failure[]> =>
  removeResources(run, leftovers, {
    isKept: ({ deletionPolicy }) => isRetained(deletionPolicy),
    ignoresFailures: true,
  });
