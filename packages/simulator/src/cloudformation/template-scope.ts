import type { Account } from '../core/account.ts';
import { isRecord } from '../core/is-record.ts';
import { evaluate, NO_VALUE, type Scope } from './intrinsics.ts';
import type { ResolvedParameters } from './parameters.ts';
import { type Template, validationError } from './template.ts';

/** Where a stack is: the values of its pseudo parameters, the same throughout a deployment. */
export type Pseudo = Account & { readonly stackName: string; readonly stackId: string };

/** The parts of a template that resolve without resources. */
export interface TemplateValues {
  readonly template: Template;
  readonly parameters: ResolvedParameters;
  readonly pseudo: Pseudo;
  condition(name: string): boolean;
}

/** The part of a scope that needs resources. */
type ResourceScope = Pick<Scope, 'ref' | 'getAtt' | 'importValue' | 'stackOutput'>;

const pseudoParameters = ({ accountId, region, partition, stackName, stackId }: Pseudo) =>
  new Map<string, unknown>([
    ['AWS::AccountId', accountId],
    ['AWS::Region', region],
    ['AWS::Partition', partition],
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackId],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::NotificationARNs', []],
    ['AWS::NoValue', NO_VALUE],
  ]);

/** The values of the template's parameters and of the pseudo parameters. */
export const parameterValues = ({ parameters, pseudo }: Omit<TemplateValues, 'condition'>) =>
  new Map<string, unknown>([...parameters.values, ...pseudoParameters(pseudo)]);

/** The scope in which a template's expressions resolve. */
export function scopeOf({ condition, ...values }: TemplateValues, resources: ResourceScope): Scope {
  const known = parameterValues(values);
  return {
    ...resources,
    region: values.pseudo.region,
    condition,
    ref(name) {
      const value = known.has(name) ? known.get(name) : resources.ref(name);
      // The value of a parameter can name it, too.
      return value === 'AWS::NoValue' ? NO_VALUE : value;
    },
    mapping(map, topKey, secondKey) {
      const value = memberOf(memberOf(memberOf(values.template.Mappings, map), topKey), secondKey);
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
  const scope = scopeOf({ ...values, condition }, noResources);
  return condition;
}

/** The scope of what resolves without resources. */
export const noResources = { ref: noResource, getAtt: noResource, importValue: noResource, stackOutput: noResource };

function noResource(name: string): never {
  throw validationError(
    `Template error: Unresolved dependencies [${name}]. ` +
      'Cannot reference resources in the Conditions block of the template',
  );
}

/** The member of an object; undefined if there is none. */
export const memberOf = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
