import { entryOf } from '../core/entry-of.ts';
import { reversed } from './dependency-order.ts';
import { failureReason } from './failure-reason.ts';
import { changedProperties, isReplacing, type Properties, type Provider } from './provider.ts';
import { type Failure, runInOrder } from './run-in-order.ts';
import { dependenciesOf, type Ending, failedIds, resolveOutputs } from './run-parts.ts';
import { type CreatedResource, type DesiredStack, isRetained, type StackOutput, type StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** An update and its progress, by which it can be undone. */
interface Update {
  readonly run: StackRun;
  readonly desired: DesiredStack;
  /** The resources before the update. */
  readonly before: ReadonlyMap<string, CreatedResource>;
  /** Logical ids of the resources that were created, new or as replacements. */
  readonly created: Set<string>;
  /** Logical ids of the resources that were updated in place, even if that failed half-way. */
  readonly changed: Set<string>;
}

/** A physical resource that is no longer part of the stack. */
interface Leftover {
  readonly resource: StackResource;
  readonly isRetained: boolean;
}

/** Updates the stack to `desired`, or rolls back. Old resources are deleted last. */
export async function updateStack(run: StackRun, desired: DesiredStack): Promise<Ending> {
  const { stack } = run;
  const update: Update = {
    run,
    desired,
    before: createdResources(stack.resources),
    created: new Set(),
    changed: new Set(),
  };
  const failures = await runInOrder(desired.template.dependencies, (id) => updateResource(update, id), {
    onFailure: () => run.cancel(),
  });
  let reason = failedReason(update, failures);
  let outputs: StackOutput[] = [];
  if (reason === undefined) {
    try {
      outputs = resolveOutputs(run, desired);
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  if (reason !== undefined) return await rollBackUpdate(update, reason);

  stack.deployed = desired;
  stack.outputs = outputs;
  stack.imports = run.imports;
  run.stackStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, leftoversOf(update));
  for (const id of update.before.keys()) if (!desired.template.resources.has(id)) stack.resources.delete(id);
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

async function updateResource(update: Update, id: string): Promise<void> {
  const { run, desired } = update;
  const old = update.before.get(id);
  const record = run.newRecord(desired, id);
  if (!old) {
    update.created.add(id);
    return await run.create(record, () => run.resolveProperties(desired, id), 'CREATE');
  }
  let properties: Properties;
  try {
    properties = run.resolveProperties(desired, id);
  } catch (error) {
    return run.refuse(old, failureReason(error, run.engine.ids.uuid()));
  }
  const provider = run.engine.provider(record.type);
  const next: StackResource = { ...record, properties, handle: old.handle, status: old.status, reason: old.reason };
  const changes = changedProperties(old.properties, properties);
  if (changes.length === 0) {
    // Policies and dependencies may have changed, for which CloudFormation writes no event.
    run.stack.resources.set(id, { ...next, updatedAt: old.updatedAt });
    return;
  }
  if (!changes.some((name) => isReplacing(provider.replacing, name))) {
    update.changed.add(id);
    return await run.update(old, next);
  }
  const name = keptName(provider, old.properties, properties);
  if (name !== undefined) {
    return run.refuse(
      old,
      'CloudFormation cannot update a stack when a custom-named resource requires replacing. ' +
        `Rename ${name} and update the stack again.`,
    );
  }
  update.created.add(id);
  return await run.create(record, () => properties, 'UPDATE');
}

/** The resource's name if the template sets the same as before. */
function keptName({ nameProperty }: Provider, old: Properties, now: Properties): unknown {
  if (nameProperty === undefined) return undefined;
  return now[nameProperty] === old[nameProperty] ? now[nameProperty] : undefined;
}

/** The physical resources that the update has removed or replaced. */
function leftoversOf({ run, desired, before, created }: Update): Leftover[] {
  const found: Leftover[] = [];
  for (const old of before.values()) {
    const now = run.stack.resources.get(old.logicalId);
    if (!desired.template.resources.has(old.logicalId)) {
      found.push({ resource: old, isRetained: isRetained(old.deletionPolicy) });
    } else if (now && (created.has(old.logicalId) || now.handle?.physicalId !== old.handle.physicalId)) {
      found.push({ resource: old, isRetained: isRetained(now.updateReplacePolicy) });
    }
  }
  return found;
}

async function rollBackUpdate({ run, desired, before, created, changed }: Update, reason: string): Promise<Ending> {
  const { stack } = run;
  run.stackStatus('UPDATE_ROLLBACK_IN_PROGRESS', reason);
  run.rollBack();
  const attempted = new Map(stack.resources);
  const isKept = ({ logicalId, handle }: StackResource) =>
    !created.has(logicalId) && before.get(logicalId)?.handle.physicalId === handle?.physicalId;
  const leftovers: Leftover[] = [...attempted.values()]
    .filter((now) => now.handle && !isKept(now))
    .map((now) => ({ resource: now, isRetained: now.deletionPolicy === 'Retain' }));
  const restore = async (old: CreatedResource) => {
    const id = old.logicalId;
    const now = entryOf(attempted, id);
    if (!now.handle || !isKept(now)) {
      run.restore(old);
    } else if (changed.has(id)) {
      await run.update({ ...now, handle: now.handle }, old);
      const restored = entryOf(stack.resources, id);
      if (restored.handle?.physicalId !== now.handle.physicalId) leftovers.push({ resource: now, isRetained: false });
    } else {
      stack.resources.set(id, old);
    }
  };
  const failures = await runInOrder(dependenciesOf(before.values()), (id) => restore(entryOf(before, id)));
  if (failures.length > 0) return { status: 'UPDATE_ROLLBACK_FAILED', reason: failedIds('update', failures) };
  run.stackStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, leftovers);
  for (const id of desired.template.resources.keys()) if (!before.has(id)) stack.resources.delete(id);
  return { status: 'UPDATE_ROLLBACK_COMPLETE' };
}

/** Deletes in reverse order. As in CloudFormation, a resource that cannot be deleted is left, and its event says so. */
async function cleanUp(run: StackRun, leftovers: readonly Leftover[]): Promise<void> {
  const byId = new Map(leftovers.map((leftover) => [leftover.resource.logicalId, leftover]));
  await runInOrder(reversed(dependenciesOf(leftovers.map(({ resource }) => resource))), async (id) => {
    const leftover = entryOf(byId, id);
    if (leftover.isRetained) run.release(leftover.resource);
    // The failure is in the history; it must not stop the deletion of the others.
    else await run.delete(leftover.resource).catch(() => undefined);
  });
}

function failedReason({ before }: Update, failures: readonly Failure[]): string | undefined {
  const created = failures.filter(({ id }) => !before.has(id));
  const updated = failures.filter(({ id }) => before.has(id));
  const parts = [failedIds('create', created), failedIds('update', updated)].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('');
}
