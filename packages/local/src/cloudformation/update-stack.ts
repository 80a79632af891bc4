import { reversed } from './dependency-order.ts';
import { changeOf } from './diff.ts';
import { failureReason } from './failure-reason.ts';
import type { Handle, Properties } from './provider.ts';
import { runInOrder } from './run-in-order.ts';
import { dependenciesOf, type Ending, failedIds, resolveOutputs } from './run-parts.ts';
import type { DesiredStack, StackOutput, StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

type Made = StackResource & { readonly handle: Handle };

/** What an update has done so far, so that it can be undone. */
interface Journal {
  readonly before: ReadonlyMap<string, Made>;
  /** Logical ids of resources made new, with or without a predecessor. */
  readonly made: Set<string>;
  /** Logical ids of resources changed in place, also when that failed half-way. */
  readonly changed: Set<string>;
}

/** Turns the stack into `desired`, or back into what it was. Old resources are deleted last. */
export async function updateStack(run: StackRun, desired: DesiredStack): Promise<Ending> {
  const { stack } = run;
  const previous = stack.deployed!;
  const journal: Journal = {
    before: new Map(stack.resources as Map<string, Made>),
    made: new Set(),
    changed: new Set(),
  };
  const failures = await runInOrder(desired.template.dependencies, (id) => updateResource(run, desired, journal, id), {
    onFailure: () => run.cancel(),
  });
  let reason = failedReason(journal, failures);
  let outputs: StackOutput[] = [];
  if (reason === undefined) {
    try {
      outputs = resolveOutputs(run, desired);
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  if (reason !== undefined) return await rollBackUpdate(run, desired, previous, journal, reason);

  stack.deployed = desired;
  stack.outputs = outputs;
  stack.imports = run.imports;
  run.stackStatus('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, leftovers(run, desired, journal));
  for (const id of journal.before.keys()) if (!desired.template.resources.has(id)) stack.resources.delete(id);
  return { status: 'UPDATE_COMPLETE' };
}

async function updateResource(run: StackRun, desired: DesiredStack, journal: Journal, id: string): Promise<void> {
  const old = journal.before.get(id);
  const record = run.newRecord(desired, id);
  if (!old) {
    journal.made.add(id);
    return await run.create(record, () => run.resolveProperties(desired, id), 'CREATE');
  }
  let properties: Properties;
  try {
    properties = run.resolveProperties(desired, id);
  } catch (error) {
    return run.refuse({ ...old }, failureReason(error, run.engine.ids.uuid()));
  }
  const provider = run.engine.provider(record.type);
  const next: StackResource = { ...record, properties, handle: old.handle, status: old.status, reason: old.reason };
  switch (changeOf(provider, old.properties, properties)) {
    case 'none':
      // Policies and dependencies may have changed; CloudFormation says nothing of that.
      run.stack.resources.set(id, { ...next, updatedAt: old.updatedAt });
      return;
    case 'update':
      journal.changed.add(id);
      return await run.update(old, next);
    case 'replace': {
      const { nameProperty } = provider;
      if (nameProperty !== undefined && properties[nameProperty] !== undefined) {
        if (properties[nameProperty] === old.properties[nameProperty]) {
          run.refuse(
            { ...old },
            `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${properties[nameProperty]} and update the stack again.`,
          );
        }
      }
      journal.made.add(id);
      return await run.create(record, () => properties, 'UPDATE');
    }
  }
}

/** Physical resources that the update has made superfluous, each with whether to keep it. */
function leftovers(run: StackRun, desired: DesiredStack, journal: Journal): Leftover[] {
  const found: Leftover[] = [];
  for (const old of journal.before.values()) {
    const now = run.stack.resources.get(old.logicalId);
    if (!desired.template.resources.has(old.logicalId)) {
      found.push({ resource: old, retain: isRetained(old.deletionPolicy) });
    } else if (now && (journal.made.has(old.logicalId) || now.handle?.physicalId !== old.handle.physicalId)) {
      found.push({ resource: old, retain: isRetained(now.updateReplacePolicy) });
    }
  }
  return found;
}

async function rollBackUpdate(
  run: StackRun,
  desired: DesiredStack,
  previous: DesiredStack,
  journal: Journal,
  reason: string,
): Promise<Ending> {
  const { stack } = run;
  run.stackStatus('UPDATE_ROLLBACK_IN_PROGRESS', reason);
  run.rollBack();
  const attempted = new Map(stack.resources);
  const superfluous: Leftover[] = [];
  for (const now of attempted.values()) {
    const old = journal.before.get(now.logicalId);
    if (!now.handle || (old && !journal.made.has(now.logicalId) && old.handle.physicalId === now.handle.physicalId)) {
      continue;
    }
    superfluous.push({ resource: now, retain: now.deletionPolicy === 'Retain' });
  }
  const failures = await runInOrder(dependenciesOf(journal.before.values()), async (id) => {
    const old = journal.before.get(id)!;
    const now = attempted.get(id)!;
    if (journal.made.has(id) || now.handle?.physicalId !== old.handle.physicalId) {
      run.restore(old);
    } else if (journal.changed.has(id)) {
      await run.update(now as Made, old);
      const restored = stack.resources.get(id)!;
      if (restored.handle?.physicalId !== now.handle.physicalId) superfluous.push({ resource: now, retain: false });
    } else {
      stack.resources.set(id, old);
    }
  });
  if (failures.length > 0) return { status: 'UPDATE_ROLLBACK_FAILED', reason: failedIds('update', failures) };
  run.stackStatus('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  await cleanUp(run, superfluous);
  for (const id of desired.template.resources.keys()) if (!journal.before.has(id)) stack.resources.delete(id);
  stack.deployed = previous;
  return { status: 'UPDATE_ROLLBACK_COMPLETE' };
}

interface Leftover {
  readonly resource: StackResource;
  readonly retain: boolean;
}

/** Deletes in reverse order. What refuses is left behind, as CloudFormation does; its event says so. */
async function cleanUp(run: StackRun, leftover: readonly Leftover[]): Promise<void> {
  const byId = new Map(leftover.map((item) => [item.resource.logicalId, item]));
  await runInOrder(reversed(dependenciesOf(leftover.map(({ resource }) => resource))), async (id) => {
    const { resource, retain } = byId.get(id)!;
    // A failed deletion must not keep the others from going: it is told in the history.
    await run.delete(resource, retain).catch(() => undefined);
  });
}

const isRetained = (policy: string) => policy === 'Retain' || policy === 'RetainExceptOnCreate';

function failedReason(journal: Journal, failures: Parameters<typeof failedIds>[1]): string | undefined {
  const created = failures.filter(({ id }) => !journal.before.has(id));
  const updated = failures.filter(({ id }) => journal.before.has(id));
  const parts = [failedIds('create', created), failedIds('update', updated)].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('');
}
