import { isDeepStrictEqual } from 'node:util';
import { branchOf, expandSub, functionNamed, getAttTarget, intrinsic, refTarget, resolve } from './intrinsics.ts';
import type { ResolvedParameters } from './parameters.ts';
import type { Dependencies } from './run-in-order.ts';
import { type OutputDefinition, type ResourceDefinition, type Template, validationError } from './template.ts';
import {
  conditionsOf,
  noResources,
  type Pseudo,
  parameterValues,
  scopeOf,
  type TemplateValues,
} from './template-scope.ts';

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
 * Throws ValidationError for unknown references, functions and conditions, and for circles.
 */
export function prepareTemplate(
  template: Template,
  body: string,
  parameters: ResolvedParameters,
  pseudo: Pseudo,
): PreparedTemplate {
  for (const name of usedConditions({ ...template.Resources, ...template.Outputs })) {
    if (Object.hasOwn(template.Conditions ?? {}, name)) continue;
    throw validationError(`Template error: unresolved condition dependency ${name} in Fn::If`);
  }
  const condition = conditionsOf({ template, parameters, pseudo });
  const values: TemplateValues = { template, parameters, pseudo, condition };
  const isActive = ([, { Condition: name }]: [string, { readonly Condition?: string }]) =>
    name === undefined || condition(name);
  const all = new Map(Object.entries(template.Resources));
  const resources = new Map([...all].filter(isActive));
  const outputs = new Map(Object.entries(template.Outputs ?? {}).filter(isActive));
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const [id, resource] of resources) {
    const befores = dependsOn(resource);
    const found = new Set(references(resource.Properties, values));
    checkLookups(resource.Properties, values);
    refuseUnknown(found, resources, 'Resources');
    refuseUnknown(befores, all, 'Resources');
    // A resource that a condition removed is no dependency.
    dependencies.set(id, new Set([...found, ...befores.filter((before) => resources.has(before))]));
  }
  for (const output of outputs.values()) refuseUnknown(references(output, values), resources, 'Outputs', all);
  refuseCircle(dependencies);
  return { ...values, body, resources, outputs, dependencies };
}

/** The logical ids of the resources to which an expression refers. */
function references(value: unknown, values: TemplateValues): string[] {
  const parameters = parameterValues(values);
  return mentions(value, values).flatMap(({ name }) => (parameters.has(name) ? [] : [name]));
}

/** The functions whose values are those of other stacks. */
const OTHER_STACKS = /"Fn::(ImportValue|GetStackOutput)"/;

/** Throws ValidationError for an Fn::FindInMap or Fn::Select that finds nothing, if that is known without resources. */
function checkLookups(value: unknown, values: TemplateValues): void {
  const { name, argument } = intrinsic(value) ?? {};
  const isLookup = name === 'Fn::FindInMap' || name === 'Fn::Select';
  if (name === 'Fn::If' && Array.isArray(argument)) {
    checkLookups(argument[values.condition(String(argument[0])) ? 1 : 2], values);
  } else if (isLookup && references(value, values).length === 0 && !OTHER_STACKS.test(JSON.stringify(value))) {
    resolve(value, scopeOf(values, noResources));
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) checkLookups(item, values);
  }
}

/** A Ref, or with an attribute an Fn::GetAtt. */
interface Mention {
  readonly name: string;
  readonly attribute?: unknown;
}

/** The parameters and resources that an expression names. Of Fn::If it reads only the branch that holds. */
export function mentions(value: unknown, values: Pick<TemplateValues, 'condition'>): Mention[] {
  const found: Mention[] = [];
  const visit = (item: unknown): void => {
    const { name, argument } = intrinsic(item) ?? {};
    if (name !== undefined) functionNamed(name);
    if (name === 'Ref') {
      found.push({ name: refTarget(argument) });
    } else if (name === 'Fn::GetAtt') {
      const { logicalId, attribute } = getAttTarget(argument);
      found.push({ name: logicalId, attribute });
      visit(attribute);
    } else if (name === 'Fn::If') {
      visit(branchOf(argument, values));
    } else if (name === 'Fn::Sub') {
      expandSub(argument).forEach(visit);
    } else if (typeof item === 'object' && item !== null) {
      Object.values(item).forEach(visit);
    }
  };
  visit(value);
  return found;
}

/** Of a resource that a condition `removed`, CloudFormation does not say that the format is wrong. */
function refuseUnknown(
  ids: Iterable<string>,
  resources: ReadonlyMap<string, unknown>,
  block: string,
  removed: ReadonlyMap<string, unknown> = new Map(),
): void {
  const unknown = [...ids].filter((id) => !resources.has(id));
  if (unknown.length === 0) return;
  throw validationError(
    `${unknown.every((id) => removed.has(id)) ? '' : 'Template format error: '}` +
      `Unresolved resource dependencies [${unknown.join(', ')}] in the ${block} block of the template`,
  );
}

function dependsOn({ DependsOn = [] }: ResourceDefinition): readonly string[] {
  const names = [DependsOn].flat();
  if (names.every((name) => typeof name === 'string')) return names;
  throw validationError('Template format error: Every DependsOn value must be a string.');
}

/** Throws a ValidationError that names the circle if there is one. */
function refuseCircle(dependencies: Dependencies): void {
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

/** Whether two templates have the same effect, so that an update by one of the other would change nothing. */
export const isSameTemplate = (a: PreparedTemplate, b: PreparedTemplate): boolean =>
  isDeepStrictEqual(effectOf(a), effectOf(b));

function effectOf({ resources, outputs, template, parameters, condition }: PreparedTemplate) {
  const definitions = [...resources].map(([id, { DependsOn: _order, Condition: _condition, ...rest }]) => [id, rest]);
  const effect = { resources: Object.fromEntries(definitions), outputs: Object.fromEntries(outputs) };
  return {
    ...effect,
    conditions: new Map(usedConditions(effect).map((name) => [name, condition(name)])),
    mappings: template.Mappings,
    parameters: parameters.values,
  };
}

/** The names of the conditions in Fn::If. */
const usedConditions = (value: object): string[] =>
  [...JSON.stringify(value).matchAll(/"Fn::If":\["([^"]+)"/g)].map(([, name = '']) => name);
