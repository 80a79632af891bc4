import type { Dependencies } from './dependency-order.ts';
import { ResourceFailure } from './failure-reason.ts';
import { NO_VALUE, resolve } from './intrinsics.ts';
import type { Failure } from './run-in-order.ts';
import type { DesiredStack, StackOutput, StackResource, StackStatus } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** The outcome of an operation on a stack. */
export interface Ending {
  readonly status: StackStatus;
  readonly reason?: string;
}

/** The dependencies with which the resources were created. */
export function dependenciesOf(resources: Iterable<StackResource>): Dependencies {
  return new Map([...resources].map((resource) => [resource.logicalId, resource.dependsOn]));
}

/** `The following resource(s) failed to create: [A, B]. `; undefined if none failed. */
export function failedIds(verb: 'create' | 'update' | 'delete', failures: readonly Failure[]): string | undefined {
  if (failures.length === 0) return undefined;
  return `The following resource(s) failed to ${verb}: [${failures.map(({ id }) => id).join(', ')}]. `;
}

/** Resolves the outputs. Throws when an export's name is taken, or when a used export would change. */
export function resolveOutputs(run: StackRun, desired: DesiredStack): StackOutput[] {
  const { stack, engine } = run;
  const scope = run.scope(desired);
  const outputs = [...desired.template.outputs].map(([key, definition]): StackOutput => {
    const value = resolve(definition.Value, scope);
    if (value === NO_VALUE || (typeof value === 'object' && value !== null)) {
      throw new ResourceFailure(`Template format error: Output ${key} is malformed. The Value must be a string.`);
    }
    return {
      key,
      value: String(value),
      description: definition.Description,
      exportName: definition.Export === undefined ? undefined : String(resolve(definition.Export.Name, scope)),
    };
  });
  for (const { exportName } of outputs) {
    const other = exportName === undefined ? undefined : engine.stacks.export(exportName)?.stack;
    if (other && other !== stack) {
      throw new ResourceFailure(`Export with name ${exportName} is already exported by stack ${other.stackName}.`);
    }
  }
  for (const before of stack.outputs) {
    if (before.exportName === undefined) continue;
    const users = engine.stacks.importers(before.exportName);
    if (users.length === 0) continue;
    const after = outputs.find((output) => output.exportName === before.exportName);
    if (after?.value === before.value) continue;
    const verb = after ? 'updated' : 'deleted';
    throw new ResourceFailure(`Export ${before.exportName} cannot be ${verb} as it is in use by ${users.join(', ')}.`);
  }
  return outputs;
}
