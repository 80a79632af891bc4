import { entryOf } from '../core/entry-of.ts';
import { failureReason, ResourceFailure } from './failure-reason.ts';
import { resolveOutputs } from './outputs.ts';
import { changedProperties, isReplacing, type Properties } from './provider.ts';
import { dependenciesOf, type Ending, endOfRemoval, failedIds, removeResources } from './remove-resources.ts';
import { type Failure, runInOrder } from './run-in-order.ts';
import { type CreatedResource, type DesiredStack, isRetained, type StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** A deployment and its progress, by which it can be undone. */
interface UpdateProgress {
  readonly run: StackRun;
  readonly desired: DesiredStack;
  /** The resources before the deployment. */
  readonly before: ReadonlyMap<string, CreatedResource>;
  /** Logical ids of the resources that were created, new or as replacements. */
  readonly created: Set<string>;
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
  const before = createdResources(stack.resources);
  const progress: UpdateProgress = { run, desired, before, created: new Set(), changed: new Set() };
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

/** The resources that exist. */
function createdResources(resources: ReadonlyMap<string, StackResource>): Map<string, CreatedResource> {
  const created = new Map<string, CreatedResource>();
  for (const [id, resource] of resources) {
    if (resource.handle) created.set(id, { ...resource, handle: resource.handle });
  }
  return created;
}

async function deployResource({ run, desired, before, created, changed }: UpdateProgress, id: string): Promise<void> {
  const old = before.get(id);
  if (!old) {
    created.add(id);
    return await run.create(desired, id, 'CREATE');
  }
  let properties: Properties;
  try {
    properties = run.resolveProperties(desired, id);
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
    refuse(
      run,
      old,
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. ' +
        `Rename ${properties[nameProperty]} and update the stack again.`,
    );
  } else {
    created.add(id);
    await run.create(desired, id, 'UPDATE');
  }
}

/** Records that the resource failed before it was changed, and throws. */
function refuse(run: StackRun, resource: StackResource, reason: string): never {
  run.record({ ...resource, status: 'UPDATE_FAILED', reason });
  throw new ResourceFailure(reason);
}

/** The physical resources that the update has removed or replaced, with the policies by which they are deleted. */
function leftoversOf({ run, desired, before, created }: UpdateProgress): StackResource[] {
  return [...before.values()].flatMap((old) => {
    const { logicalId, handle } = old;
    if (!desired.resources.has(logicalId)) return [old];
    const now = run.stack.resources.get(logicalId);
    const isReplaced = now && (created.has(logicalId) || now.handle?.physicalId !== handle.physicalId);
    return isReplaced ? [{ ...old, deletionPolicy: now.updateReplacePolicy }] : [];
  });
}

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
async function rollBackUpdate(progress: UpdateProgress, reason: string): Promise<Ending> {
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
      run.record({ ...old, status: 'UPDATE_COMPLETE', reason: undefined });
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
const cleanUp = (run: StackRun, leftovers: readonly StackResource[]): Promise<Failure[]> =>
  removeResources(run, leftovers, {
    isKept: ({ deletionPolicy }) => isRetained(deletionPolicy),
    ignoresFailures: true,
  });
