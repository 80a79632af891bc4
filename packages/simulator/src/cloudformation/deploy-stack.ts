import { failureReason } from './failure-reason.ts';
import { resolveOutputs } from './outputs.ts';
import { changedProperties, isReplacing, type Properties } from './provider.ts';
import { type Ending, failedIds, removeResources } from './remove-resources.ts';
import { cleanUp, rollBackUpdate, type UpdateProgress } from './roll-back-update.ts';
import { runInOrder } from './run-in-order.ts';
import type { CreatedResource, DesiredStack, StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

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
    return run.refuse(old, failureReason(error, run.engine.ids.uuid()));
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
    run.refuse(
      old,
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. ' +
        `Rename ${properties[nameProperty]} and update the stack again.`,
    );
  } else {
    created.add(id);
    await run.create(desired, id, 'UPDATE');
  }
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
  return failures.length === 0
    ? { status: 'ROLLBACK_COMPLETE' }
    : { status: 'ROLLBACK_FAILED', reason: failedIds('delete', failures) };
}
