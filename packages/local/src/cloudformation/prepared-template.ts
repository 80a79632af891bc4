import { canonicalJson } from './canonical-json.ts';
import { type Dependencies, dependencyOrder } from './dependency-order.ts';
import { evaluate, noValue, type Scope } from './intrinsics.ts';
import type { ResolvedParameters } from './parameters.ts';
import { references } from './references.ts';
import { type OutputDefinition, type ResourceDefinition, type Template, validationError } from './template.ts';

/** A template whose parameters and conditions are known: what is left to resolve needs resources. */
export interface PreparedTemplate {
  readonly template: Template;
  /** The text as it was given, for GetTemplate. */
  readonly body: string;
  readonly parameters: ResolvedParameters;
  /** Those whose condition holds. */
  readonly resources: ReadonlyMap<string, ResourceDefinition>;
  readonly outputs: ReadonlyMap<string, OutputDefinition>;
  readonly dependencies: Dependencies;
  /** Logical ids, each after those it depends on. */
  readonly order: readonly string[];
  condition(name: string): boolean;
}

/** What pseudo parameters and mappings resolve to; the same for a whole deployment. */
export interface Pseudo {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  readonly stackId: string;
}

/**
 * Evaluates the conditions and orders the resources.
 * Throws ValidationError for unknown references, unknown conditions and circles.
 */
export function prepareTemplate(
  template: Template,
  body: string,
  parameters: ResolvedParameters,
  pseudo: Pseudo,
): PreparedTemplate {
  const condition = conditionsOf(template, parameters, pseudo);
  const isActive = (item: { readonly Condition?: string }) => item.Condition === undefined || condition(item.Condition);
  const resources = new Map(Object.entries(template.Resources).filter(([, resource]) => isActive(resource)));
  const outputs = new Map(Object.entries(template.Outputs ?? {}).filter(([, output]) => isActive(output)));
  const dependencies = new Map<string, ReadonlySet<string>>();
  for (const [id, resource] of resources) {
    const found = used(resource.Properties, condition, resources, template, 'Resources');
    for (const before of dependsOn(resource)) {
      if (!Object.hasOwn(template.Resources, before)) throw unresolved([before], 'Resources');
      // A condition took the other resource away: then there is nothing to wait for.
      if (resources.has(before)) found.add(before);
    }
    dependencies.set(id, found);
  }
  for (const output of outputs.values()) used(output, condition, resources, template, 'Outputs');
  return {
    template,
    body,
    parameters,
    resources,
    outputs,
    dependencies,
    order: dependencyOrder(dependencies),
    condition,
  };
}

/** A scope without resources: each Ref and GetAtt of one is handed to `resource`. */
export function scopeOf(
  template: Template,
  parameters: ResolvedParameters,
  pseudo: Pseudo,
  condition: (name: string) => boolean,
  resource: Pick<Scope, 'ref' | 'getAtt' | 'importValue'>,
): Scope {
  return {
    region: pseudo.region,
    condition,
    importValue: resource.importValue,
    getAtt: resource.getAtt,
    ref: (name) => pseudoParameter(name, pseudo) ?? parameters.values.get(name) ?? resource.ref(name),
    mapping: (map, topKey, secondKey) => {
      const value = own(own(own(template.Mappings, map), topKey), secondKey);
      if (value === undefined) {
        throw validationError(`Template error: Unable to get mapping for ${map}::${topKey}::${secondKey}`);
      }
      return value;
    },
  };
}

function pseudoParameter(name: string, pseudo: Pseudo): unknown {
  switch (name) {
    case 'AWS::AccountId':
      return pseudo.accountId;
    case 'AWS::Region':
      return pseudo.region;
    case 'AWS::Partition':
      return pseudo.partition;
    case 'AWS::StackName':
      return pseudo.stackName;
    case 'AWS::StackId':
      return pseudo.stackId;
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::NotificationARNs':
      return [];
    case 'AWS::NoValue':
      return noValue;
    default:
      return undefined;
  }
}

const pseudoNames = new Set(
  ['AccountId', 'Region', 'Partition', 'StackName', 'StackId', 'URLSuffix', 'NotificationARNs', 'NoValue'].map(
    (name) => `AWS::${name}`,
  ),
);

function conditionsOf(template: Template, parameters: ResolvedParameters, pseudo: Pseudo): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const path: string[] = [];
  const noResources = (name: string): never => {
    throw validationError(
      `Template error: Unresolved dependencies [${name}]. Cannot reference resources in the Conditions block of the template`,
    );
  };
  const condition = (name: string): boolean => {
    const value = known.get(name);
    if (value !== undefined) return value;
    const expression = own(template.Conditions, name);
    if (expression === undefined) {
      throw validationError(`Template format error: Unresolved condition dependency ${name} in the template`);
    }
    if (path.includes(name)) {
      throw validationError(
        `Template error: Found circular condition dependency between ${[...path, name].join(' and ')}`,
      );
    }
    path.push(name);
    const result = evaluate(expression, scope);
    path.pop();
    known.set(name, result);
    return result;
  };
  const scope = scopeOf(template, parameters, pseudo, condition, {
    ref: noResources,
    getAtt: noResources,
    importValue: noResources,
  });
  return condition;
}

function used(
  value: unknown,
  condition: (name: string) => boolean,
  resources: ReadonlyMap<string, ResourceDefinition>,
  template: Template,
  block: string,
): Set<string> {
  const { refs, getAtts } = references(value, condition);
  const found = new Set<string>(getAtts);
  for (const name of refs) {
    if (pseudoNames.has(name) || Object.hasOwn(template.Parameters ?? {}, name)) continue;
    found.add(name);
  }
  const unknown = [...found].filter((name) => !resources.has(name));
  if (unknown.length > 0) throw unresolved(unknown, block);
  return found;
}

function unresolved(names: readonly string[], block: string) {
  return validationError(
    `Template format error: Unresolved resource dependencies [${names.join(', ')}] in the ${block} block of the template`,
  );
}

function dependsOn(resource: ResourceDefinition): readonly string[] {
  if (resource.DependsOn === undefined) return [];
  return typeof resource.DependsOn === 'string' ? [resource.DependsOn] : resource.DependsOn;
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** Everything in a template that makes an update worth while, as one text: equal texts mean "No updates are to be performed." */
export function effectiveText(prepared: PreparedTemplate): string {
  const resources = [...prepared.resources].map(([id, resource]) => {
    const { DependsOn: _order, Condition: _condition, ...rest } = resource;
    return [id, rest, conditionsIn(resource, prepared)];
  });
  const outputs = [...prepared.outputs].map(([id, output]) => [id, output, conditionsIn(output, prepared)]);
  return canonicalJson({
    resources: Object.fromEntries(resources.map(([id, ...rest]) => [id, rest])),
    outputs: Object.fromEntries(outputs.map(([id, ...rest]) => [id, rest])),
    mappings: prepared.template.Mappings ?? {},
    parameters: Object.fromEntries(prepared.parameters.values),
  });
}

/** The outcome of each condition that an Fn::If in `value` asks. */
function conditionsIn(value: unknown, prepared: PreparedTemplate): Record<string, boolean> {
  const names = [...JSON.stringify(value).matchAll(/"Fn::If":\["([^"]+)"/g)].map((match) => match[1]!);
  return Object.fromEntries(names.map((name) => [name, prepared.condition(name)]));
}
