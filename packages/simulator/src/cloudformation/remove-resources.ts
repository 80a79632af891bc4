import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { entryOf } from '../core/entry-of.ts';
import { usedExport } from './outputs.ts';
import { type Dependencies, type Failure, reversed, runInOrder } from './run-in-order.ts';
import { isRetained, type StackResource } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** The outcome of an operation on a stack. */
export interface Ending {
  readonly status: StackStatus;
  readonly reason?: string;
}

/** Deletes the stack's resources, except those that their policy or `retain` keeps. */
export async function deleteStack(run: StackRun, retain: readonly string[]): Promise<Ending> {
  const { stack, engine } = run;
  const reason = usedExport(engine.stacks, stack.outputs, []);
  if (reason !== undefined) return { status: 'DELETE_FAILED', reason };
  const failures = await removeResources(run, stack.resources.values(), {
    isKept: ({ logicalId, deletionPolicy }) => retain.includes(logicalId) || isRetained(deletionPolicy),
  });
  return endOfRemoval(failures, 'DELETE_COMPLETE', 'DELETE_FAILED');
}

interface Removal {
  readonly isKept: (resource: StackResource) => boolean;
  /** Whether resources are deleted even if others that refer to them could not be. @default false */
  readonly ignoresFailures?: boolean;
}

/** Deletes resources in reverse order, or releases those that are kept. Returns the failures. */
export function removeResources(
  run: StackRun,
  resources: Iterable<StackResource>,
  { isKept, ignoresFailures }: Removal,
): Promise<Failure[]> {
  const byId = new Map([...resources].map((resource) => [resource.logicalId, resource]));
  const remove = async (id: string) => {
    const resource = entryOf(byId, id);
    if (isKept(resource)) return run.release(resource);
    await run.delete(resource).catch((error) => {
      if (!ignoresFailures) throw error;
    });
  };
  return runInOrder(reversed(dependenciesOf(byId.values())), remove, { keepGoing: true });
}

/** Removes what is no longer part of the stack. A resource that cannot be deleted is left, and its event says so. */
export const cleanUp = (run: StackRun, leftovers: readonly StackResource[]): Promise<Failure[]> =>
  removeResources(run, leftovers, {
    isKept: ({ deletionPolicy }) => isRetained(deletionPolicy),
    ignoresFailures: true,
  });

export const endOfRemoval = (failures: readonly Failure[], succeeded: StackStatus, failed: StackStatus): Ending =>
  failures.length === 0 ? { status: succeeded } : { status: failed, reason: failedIds('delete', failures) };

/** The dependencies with which the resources were created. */
export const dependenciesOf = (resources: Iterable<StackResource>): Dependencies =>
  new Map([...resources].map(({ logicalId, dependsOn }) => [logicalId, dependsOn]));

/** `The following resource(s) failed to create: [A, B]. `; empty if none failed. */
export const failedIds = (verb: 'create' | 'update' | 'delete', failures: readonly Failure[]): string =>
  failures.length === 0
    ? ''
    : `The following resource(s) failed to ${verb}: [${failures.map(({ id }) => id).join(', ')}]. `;
