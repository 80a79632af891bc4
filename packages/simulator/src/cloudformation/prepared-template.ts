import { canonicalJson } from './canonical-json.ts';
import type { ResolvedParameters } from './parameters.ts';
import { references } from './references.ts';
import type { Dependencies } from './run-in-order.ts';
import { type OutputDefinition, type ResourceDefinition, type Template, validationError } from './template.ts';
import { conditionsOf, isPseudoParameter, type Pseudo, type TemplateValues } from './template-scope.ts';

/** A template whose parameters and conditions are resolved. The rest resolves as resources are created. */
export interface PreparedTemplate extends TemplateValues {
  /** The text as it was given, for GetTemplate. */
  readonly body: string;
  /** Those whose condition holds. */
  readonly resources: ReadonlyMap<string, ResourceDefinition>;
  readonly outputs: ReadonlyMap<string, OutputDefinition>;
  readonly dependencies: Dependencies;
}

/**
 * Evaluates the conditions and finds the dependencies.
 * Throws ValidationError for unknown references, unknown conditions and circles.
 */
export function prepareTemplate(
  template: Template,
  body: string,
  parameters: ResolvedParameters,
  pseudo: Pseudo,
): PreparedTemplate {
  const condition = conditionsOf({ template, parameters, pseudo });
  const isActive = (item: { readonly Condition?: string }) => item.Condition === undefined || condition(item.Condition);
  const resources = new Map(Object.entries(template.Resources).filter(([, resource]) => isActive(resource)));
  const outputs = new Map(Object.entries(template.Outputs ?? {}).filter(([, output]) => isActive(output)));
  const values: TemplateValues = { template, parameters, pseudo, condition };
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const [id, resource] of resources) {
    const found = resourceReferences(resource.Properties, values);
    checkResolved(found, resources, 'Resources');
    for (const before of dependsOn(resource)) {
      if (!Object.hasOwn(template.Resources, before)) throw unresolved([before], 'Resources');
      // A resource that a condition removed is no dependency.
      if (resources.has(before)) found.add(before);
    }
    dependencies.set(id, found);
  }
  for (const output of outputs.values()) checkResolved(resourceReferences(output, values), resources, 'Outputs');
  checkNoCircle(dependencies);
  return { ...values, body, resources, outputs, dependencies };
}

/** The logical ids of the resources to which an expression refers. */
function resourceReferences(value: unknown, { template, condition }: TemplateValues): Set<string> {
  const { refs, getAtts } = references(value, condition);
  const isParameter = (name: string) => isPseudoParameter(name) || Object.hasOwn(template.Parameters ?? {}, name);
  return new Set([...getAtts, ...[...refs].filter((name) => !isParameter(name))]);
}

function checkResolved(ids: ReadonlySet<string>, resources: ReadonlyMap<string, unknown>, block: string): void {
  const unknown = [...ids].filter((id) => !resources.has(id));
  if (unknown.length > 0) throw unresolved(unknown, block);
}

function unresolved(names: readonly string[], block: string) {
  return validationError(
    `Template format error: Unresolved resource dependencies [${names.join(', ')}] ` +
      `in the ${block} block of the template`,
  );
}

function dependsOn({ DependsOn = [] }: ResourceDefinition): readonly string[] {
  const names = [DependsOn].flat();
  if (names.every((name) => typeof name === 'string')) return names;
  throw validationError('Template format error: Every DependsOn value must be a string.');
}

/** Throws a ValidationError that names the circle if there is one. */
function checkNoCircle(dependencies: Dependencies): void {
  const done = new Set<string>();
  const path = new Set<string>();
  const visit = (id: string) => {
    if (done.has(id)) return;
    if (path.has(id)) {
      const circle = [...path].slice([...path].indexOf(id));
      throw validationError(`Circular dependency between resources: [${circle.join(', ')}]`);
    }
    path.add(id);
    for (const before of dependencies.get(id) ?? []) visit(before);
    path.delete(id);
    done.add(id);
  };
  for (const id of dependencies.keys()) visit(id);
}

/** The effective content of a template as one text. Equal texts mean "No updates are to be performed." */
export function effectiveText(prepared: PreparedTemplate): string {
  const resources = [...prepared.resources].map(([id, resource]) => {
    const { DependsOn: _order, Condition: _condition, ...rest } = resource;
    return [id, [rest, conditionsIn(resource, prepared)]];
  });
  const outputs = [...prepared.outputs].map(([id, output]) => [id, [output, conditionsIn(output, prepared)]]);
  return canonicalJson({
    resources: Object.fromEntries(resources),
    outputs: Object.fromEntries(outputs),
    mappings: prepared.template.Mappings ?? {},
    parameters: Object.fromEntries(prepared.parameters.values),
  });
}

/** The value of each condition that an Fn::If in `value` uses. */
function conditionsIn(value: unknown, prepared: PreparedTemplate): Record<string, boolean> {
  const names = [...JSON.stringify(value).matchAll(/"Fn::If":\["([^"]+)"/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, prepared.condition(name)]));
}
