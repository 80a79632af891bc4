import { entryOf } from '../core/entry-of.ts';
import { failureReason, ResourceFailure } from './failures.ts';
import { resolveOutputs } from './outputs.ts';
import { changedProperties, isReplacing, type Properties } from './provider.ts';
import { cleanUp, dependenciesOf, type Ending, endOfRemoval, failedIds, removeResources } from './remove-resources.ts';
import { runInOrder } from './run-in-order.ts';
import type { CreatedResource, DesiredStack, StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** A deployment and its progress, by which it can be undone. */
interface UpdateProgress {
  readonly run: StackRun;
  readonly desired: DesiredStack;
  /** The resources before the deployment. */
  readonly before: ReadonlyMap<string, CreatedResource>;
  /** Logical ids of the resources that were updated in place, even if that failed half-way. */
  readonly changed: Set<string>;
}

/**
 * Creates or updates the stack as `desired`, or rolls back. Old resources are deleted last. After a failed creation
 * everything is deleted, unless the stack's rollback is disabled.
 */
export async function deployStack(run: StackRun, desired: DesiredStack): Promise<Ending> {
  const { stack } = run;
  const isNew = stack.status === 'CREATE_IN_PROGRESS';
  if (isNew) stack.deployed = desired.deployment;
  const isCreated = (entry: [string, StackResource]): entry is [string, CreatedResource] =>
    entry[1].handle !== undefined;
  const before = new Map([...stack.resources].filter(isCreated));
  const progress: UpdateProgress = { run, desired, before, changed: new Set() };
  const failures = await runInOrder(desired.dependencies, (id) => deployResource(progress, id), {
    onFailure: () => run.cancel(),
  });
  const added = failures.filter(({ id }) => !before.has(id));
  const old = failures.filter(({ id }) => before.has(id));
  let reason = `${failedIds('create', added)}${failedIds('update', old)}`;
  try {
    if (reason === '') stack.outputs = resolveOutputs(run, desired);
  } catch (error) {
    reason = `${(error as Error).message} `;
  }
  if (reason !== '') return isNew ? await rollBackCreation(run, reason) : await rollBackUpdate(progress, reason);

  stack.deployed = desired.deployment;
  stack.imports = run.imports;
  if (isNew) return { status: 'CREATE_COMPLETE' };
  run.stackStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, leftoversOf(progress));
  for (const id of before.keys()) if (!desired.resources.has(id)) stack.resources.delete(id);
  return { status: 'UPDATE_COMPLETE' };
}

async function deployResource({ run, desired, before, changed }: UpdateProgress, id: string): Promise<void> {
  const old = before.get(id);
  if (!old) return await run.create(desired, id, 'CREATE');
  let properties: Properties;
  try {
    properties = await run.resolveProperties(desired, id);
  } catch (error) {
    return refuse(run, old, failureReason(error, run.engine.ids.uuid()));
  }
  const { handle, status, reason, updatedAt } = old;
  const next = { ...run.newRecord(desired, id), properties, handle, status, reason };
  const { replacing, nameProperty = '' } = run.engine.provider(next.type);
  const changes = changedProperties(old.properties, properties);
  if (changes.length === 0) {
    // Policies and dependencies may have changed, for which CloudFormation writes no event.
    run.stack.resources.set(id, { ...next, updatedAt });
  } else if (!changes.some((name) => isReplacing(replacing, name))) {
    changed.add(id);
    await run.update(old, next);
  } else if (properties[nameProperty] !== undefined && !changes.includes(nameProperty)) {
    const rename = `Rename ${properties[nameProperty]} and update the stack again.`;
    refuse(run, old, `CloudFormation cannot update a stack when a custom-named resource requires replacing. ${rename}`);
  } else {
    await run.create(desired, id, 'UPDATE');
  }
}

/** Records that the resource failed before it was changed, and throws. */
function refuse(run: StackRun, resource: StackResource, reason: string): never {
  run.record({ ...resource, status: 'UPDATE_FAILED', reason });
  throw new ResourceFailure(reason);
}

/** The physical resources that the update has removed or replaced, with the policies by which they are deleted. */
function leftoversOf({ run, desired, before }: UpdateProgress): StackResource[] {
  return [...before.values()].flatMap((old) => {
    const now = desired.resources.has(old.logicalId) ? run.stack.resources.get(old.logicalId) : undefined;
    if (!now) return [old];
    return isSame(old, now) ? [] : [{ ...old, deletionPolicy: now.updateReplacePolicy }];
  });
}

/** Whether two records are of the same physical resource. */
const isSame = (a: StackResource | undefined, b: StackResource | undefined): boolean =>
  a?.handle?.physicalId === b?.handle?.physicalId;

async function rollBackCreation(run: StackRun, reason: string): Promise<Ending> {
  const { stack } = run;
  if (stack.disableRollback) return { status: 'CREATE_FAILED', reason };
  run.rollBack('ROLLBACK_IN_PROGRESS', `${reason}Rollback requested by user.`);
  const failures = await removeResources(run, stack.resources.values(), {
    isKept: ({ deletionPolicy }) => deletionPolicy === 'Retain',
  });
  return endOfRemoval(failures, 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED');
}

/** Restores the resources as they were before, then deletes those that the update has created. */
async function rollBackUpdate({ run, desired, before, changed }: UpdateProgress, reason: string): Promise<Ending> {
  const { resources } = run.stack;
  run.rollBack('UPDATE_ROLLBACK_IN_PROGRESS', reason);
  const attempted = new Map(resources);
  const restore = async (id: string) => {
    const old = entryOf(before, id);
    const { handle, ...now } = entryOf(attempted, id);
    if (!handle || handle.physicalId !== old.handle.physicalId) {
      run.record({ ...old, status: 'UPDATE_COMPLETE', reason: undefined });
    } else if (changed.has(id)) {
      await run.update({ ...now, handle }, old);
    } else {
      resources.set(id, old);
    }
  };
  const failures = await runInOrder(dependenciesOf(before.values()), restore);
  if (failures.length > 0) return { status: 'UPDATE_ROLLBACK_FAILED', reason: failedIds('update', failures) };
  run.stackStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  const leftovers = [...attempted.values()].filter(({ logicalId, handle }) => {
    const restored = before.has(logicalId) ? resources.get(logicalId) : undefined;
    return handle && restored?.handle?.physicalId !== handle.physicalId;
  });
  await cleanUp(
    run,
    leftovers.map((now) => ({ ...now, deletionPolicy: now.deletionPolicy === 'Retain' ? 'Retain' : 'Delete' })),
  );
  for (const id of desired.resources.keys()) if (!before.has(id)) resources.delete(id);
  return { status: 'UPDATE_ROLLBACK_COMPLETE' };
}
