import { evaluate, NO_VALUE, type Scope } from './intrinsics.ts';
import type { ResolvedParameters } from './parameters.ts';
import { type Template, validationError } from './template.ts';

/** The values of a stack's pseudo parameters, the same throughout a deployment. */
export interface Pseudo {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly stackName: string;
  readonly stackId: string;
}

/** The parts of a template that resolve without resources. */
export interface TemplateValues {
  readonly template: Template;
  readonly parameters: ResolvedParameters;
  readonly pseudo: Pseudo;
  condition(name: string): boolean;
}

/** The part of a scope that needs resources. */
type ResourceScope = Pick<Scope, 'ref' | 'getAtt' | 'importValue' | 'stackOutput'>;

const PSEUDO_PARAMETERS: Readonly<Record<string, (pseudo: Pseudo) => unknown>> = {
  'AWS::AccountId': ({ accountId }) => accountId,
  'AWS::Region': ({ region }) => region,
  'AWS::Partition': ({ partition }) => partition,
  'AWS::StackName': ({ stackName }) => stackName,
  'AWS::StackId': ({ stackId }) => stackId,
  'AWS::URLSuffix': () => 'amazonaws.com',
  'AWS::NotificationARNs': () => [],
  'AWS::NoValue': () => NO_VALUE,
};

export function isPseudoParameter(name: string): boolean {
  return Object.hasOwn(PSEUDO_PARAMETERS, name);
}

/** The scope in which a template's expressions resolve. */
export function scopeOf({ template, parameters, pseudo, condition }: TemplateValues, resources: ResourceScope): Scope {
  return {
    region: pseudo.region,
    condition,
    importValue: resources.importValue,
    stackOutput: resources.stackOutput,
    getAtt: resources.getAtt,
    ref(name) {
      if (isPseudoParameter(name)) return PSEUDO_PARAMETERS[name]?.(pseudo);
      return parameters.values.get(name) ?? resources.ref(name);
    },
    mapping(map, topKey, secondKey) {
      const value = memberOf(memberOf(memberOf(template.Mappings, map), topKey), secondKey);
      if (value !== undefined) return value;
      throw validationError(`Template error: Unable to get mapping for ${map}::${topKey}::${secondKey}`);
    },
  };
}

/** The template's conditions, each evaluated when it is first needed. */
export function conditionsOf(values: Omit<TemplateValues, 'condition'>): (name: string) => boolean {
  const known = new Map<string, boolean>();
  const path: string[] = [];
  const condition = (name: string): boolean => {
    const value = known.get(name);
    if (value !== undefined) return value;
    const expression = memberOf(values.template.Conditions, name);
    if (expression === undefined) {
      throw validationError(`Template format error: Unresolved condition dependency ${name} in the template`);
    }
    if (path.includes(name)) {
      const circle = [...path, name].join(' and ');
      throw validationError(`Template error: Found circular condition dependency between ${circle}`);
    }
    path.push(name);
    const result = evaluate(expression, scope);
    path.pop();
    known.set(name, result);
    return result;
  };
  const scope = scopeOf({ ...values, condition }, NO_RESOURCES);
  return condition;
}

const NO_RESOURCES: ResourceScope = {
  ref: noResource,
  getAtt: noResource,
  importValue: noResource,
  stackOutput: noResource,
};

function noResource(name: string): never {
  throw validationError(
    `Template error: Unresolved dependencies [${name}]. ` +
      'Cannot reference resources in the Conditions block of the template',
  );
}

/** The member of an object; undefined if there is none. */
export function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
