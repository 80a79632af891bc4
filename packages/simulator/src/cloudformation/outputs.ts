import { ResourceFailure } from './failures.ts';
import { NO_VALUE, resolve } from './intrinsics.ts';
import type { DesiredStack, StackOutput, Stacks } from './stack.ts';
import type { StackRun } from './stack-run.ts';

/** Resolves the outputs. Throws when an export's name is taken, or when a used export would change. */
export function resolveOutputs(run: StackRun, desired: DesiredStack): StackOutput[] {
  const { stacks } = run.engine;
  const scope = run.scope(desired);
  const outputs = [...desired.outputs].map(([OutputKey, { Value, Description, Export }]): StackOutput => {
    const value = resolve(Value, scope);
    if (value === NO_VALUE || (typeof value === 'object' && value !== null)) {
      throw new ResourceFailure(`Template format error: Output ${OutputKey} is malformed. The Value must be a string.`);
    }
    const ExportName = Export && String(resolve(Export.Name, scope));
    return { OutputKey, OutputValue: String(value), Description, ExportName };
  });
  for (const { ExportName } of outputs) {
    const other = stacks.export(ExportName)?.stack ?? run.stack;
    if (other === run.stack) continue;
    throw new ResourceFailure(`Export with name ${ExportName} is already exported by stack ${other.stackName}.`);
  }
  const reason = usedExport(stacks, run.stack.outputs, outputs);
  if (reason !== undefined) throw new ResourceFailure(reason);
  return outputs;
}

/** Why `before` cannot become `after`: an export that another stack imports would change. */
export function usedExport(
  stacks: Stacks,
  before: readonly StackOutput[],
  after: readonly StackOutput[],
): string | undefined {
  for (const { ExportName: name, OutputValue } of before) {
    const users = stacks.importers(name);
    const now = after.find(({ ExportName }) => ExportName === name);
    if (users.length === 0 || now?.OutputValue === OutputValue) continue;
    return `Export ${name} cannot be ${now ? 'updated' : 'deleted'} as it is in use by ${users.join(', ')}`;
  }
  return undefined;
}
