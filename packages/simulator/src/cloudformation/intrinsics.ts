import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../core/is-record.ts';
import { validationError } from './template.ts';

/** The value of `Ref: AWS::NoValue`: the property or list element is omitted. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/** The values to which expressions can refer. */
export interface Scope {
  /** The value of a parameter, pseudo parameter or resource. Throws if there is none. */
  ref(name: string): unknown;
  /** A resource's attribute. Throws if there is none. */
  getAtt(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
  mapping(map: string, topKey: string, secondKey: string): unknown;
  importValue(name: string): unknown;
  /** An output of another stack, which need not export it. Throws if there is none. */
  stackOutput(stackName: string, outputName: string): unknown;
  readonly region: string;
}

/** The number of conditions that Fn::And and Fn::Or take. */
const MAX_CONDITIONS = 10;

/** The single key and argument of an intrinsic function; undefined for plain data. */
export function intrinsic(value: unknown): { readonly name: string; readonly argument: unknown } | undefined {
  if (!isRecord(value)) return undefined;
  const [[name, argument] = ['', undefined], ...rest] = Object.entries(value);
  return rest.length === 0 && (name === 'Ref' || name.startsWith('Fn::')) ? { name, argument } : undefined;
}

/** Evaluates all intrinsic functions in `value`. Throws ValidationError with CloudFormation's messages. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (!isRecord(value)) return value;
  const call = intrinsic(value);
  if (call) return functionNamed(call.name)(call.argument, scope);
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE));
}

/** Throws ValidationError for a function that the local runtime does not support. */
export function functionNamed(name: string): Run<unknown> {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (run) return run;
  throw validationError(`Template error: the local runtime does not support the function ${name}.`);
}

/** Evaluates a condition expression: `Condition`, Fn::Equals, Fn::And, Fn::Or, Fn::Not. */
export function evaluate(expression: unknown, scope: Scope): boolean {
  const [[name, argument] = ['', undefined], ...rest] = isRecord(expression) ? Object.entries(expression) : [];
  const run = rest.length === 0 && Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
  if (run) return run(argument, scope);
  throw validationError(
    'Template format error: Conditions can only be boolean operations on parameters and other conditions, ' +
      `not ${JSON.stringify(expression)}`,
  );
}

/** The logical id and attribute that Fn::GetAtt names, in both its forms. */
export function getAttTarget(argument: unknown): { readonly logicalId: string; readonly attribute: unknown } {
  const [logicalId, ...names] = typeof argument === 'string' ? splitOnce(argument) : [argument].flat();
  if (typeof logicalId !== 'string' || logicalId === '' || names.length === 0) {
    throw wrong('Fn::GetAtt', 'two non-empty parameters, the resource name and the resource attribute');
  }
  return { logicalId, attribute: names.length === 1 ? names[0] : names.join('.') };
}

function splitOnce(text: string): string[] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}

/** The pieces of an Fn::Sub: `${A}` is a Ref, `${A.B}` an Fn::GetAtt, `${!A}` the text `${A}`. */
export function expandSub(argument: unknown): unknown[] {
  const [template, variables = {}] = [argument].flat();
  if (typeof template !== 'string' || !isRecord(variables)) {
    throw wrong('Fn::Sub', 'a string, and optionally a mapping of values to replace in the string.');
  }
  return template.split(/\$\{([^}]+)\}/).map((piece, index) => {
    // Text and variables alternate.
    if (index % 2 === 0) return piece;
    if (piece.startsWith('!')) return `\${${piece.slice(1)}}`;
    const name = piece.trim();
    if (Object.hasOwn(variables, name)) return variables[name];
    return name.includes('.') ? { 'Fn::GetAtt': name } : { Ref: name };
  });
}

/** The name that Ref refers to. Throws ValidationError. */
export function refTarget(argument: unknown): string {
  if (typeof argument === 'string') return argument;
  throw wrong('Ref', 'a single String value.');
}

/** The branch of Fn::If that holds. Throws ValidationError. */
export function branchOf(argument: unknown, { condition }: Pick<Scope, 'condition'>): unknown {
  const [name, yes, no] = list(argument, 'Fn::If', 3);
  if (typeof name === 'string') return condition(name) ? yes : no;
  throw wrong('Fn::If', 'the name of a condition as its first parameter.');
}

type Run<T> = (argument: unknown, scope: Scope) => T;

export const CONDITIONS: Readonly<Record<string, Run<boolean>>> = {
  Condition: (argument, scope) => {
    if (typeof argument !== 'string')
      throw validationError('Template format error: Every Condition member must be a string.');
    return scope.condition(argument);
  },
  'Fn::Equals': (argument, scope) => {
    if (!Array.isArray(argument) || argument.length !== 2) throw wrong('Fn::Equals', 'a list of 2 string parameters.');
    const [left, right] = argument.map((item) => resolve(item, scope));
    return isDeepStrictEqual(asText(left), asText(right));
  },
  'Fn::And': (argument, scope) => list(argument, 'Fn::And', 2, MAX_CONDITIONS).every((item) => evaluate(item, scope)),
  'Fn::Or': (argument, scope) => list(argument, 'Fn::Or', 2, MAX_CONDITIONS).some((item) => evaluate(item, scope)),
  'Fn::Not': (argument, scope) => !evaluate(list(argument, 'Fn::Not', 1)[0], scope),
};

export const FUNCTIONS: Readonly<Record<string, Run<unknown>>> = {
  Ref: (argument, scope) => scope.ref(refTarget(argument)),
  'Fn::GetAtt': (argument, scope) => {
    const { logicalId, attribute } = getAttTarget(argument);
    return scope.getAtt(logicalId, text(attribute, 'Fn::GetAtt', scope));
  },
  'Fn::Sub': (argument, scope) =>
    expandSub(argument)
      .map((piece) => text(piece, 'Fn::Sub', scope))
      .join(''),
  'Fn::Join': (argument, scope) => {
    const [delimiter, items] = list(argument, 'Fn::Join', 2);
    const resolved = resolve(items, scope);
    if (typeof delimiter !== 'string' || !Array.isArray(resolved)) {
      const list = 'a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs)';
      throw wrong('Fn::Join', `two parameters, (1) a string delimiter and (2) ${list} to be joined.`);
    }
    return resolved.map((item) => textOf(item, 'Fn::Join')).join(delimiter);
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = list(argument, 'Fn::Select', 2).map((item) => resolve(item, scope));
    const at = Number(index);
    if (Array.isArray(items) && at >= 0 && at < items.length && Number.isInteger(at)) return items[at];
    throw validationError(
      Array.isArray(items) && Number.isInteger(at) && !Array.isArray((argument as unknown[])[1])
        ? `Template error: Fn::Select  cannot select nonexistent value at index ${at}`
        : 'Template error: Fn::Select requires a list argument with two elements: an integer index and a list',
    );
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, source] = list(argument, 'Fn::Split', 2);
    if (typeof delimiter !== 'string' || delimiter === '') {
      const source = 'a string to be split or a function that returns a string to be split';
      throw wrong('Fn::Split', `two parameters, (1) a string delimiter and (2) ${source}.`);
    }
    return text(source, 'Fn::Split', scope).split(delimiter);
  },
  'Fn::If': (argument, scope) => resolve(branchOf(argument, scope), scope),
  'Fn::FindInMap': (argument, scope) => {
    const keys = list(argument, 'Fn::FindInMap', 3).map((item) => text(item, 'Fn::FindInMap', scope));
    const [map = '', topKey = '', secondKey = ''] = keys;
    return scope.mapping(map, topKey, secondKey);
  },
  'Fn::ImportValue': (argument, scope) => scope.importValue(text(argument, 'Fn::ImportValue', scope)),
  'Fn::GetStackOutput': (argument, scope) => {
    if (!isRecord(argument)) throw validationError('Template error: Fn::GetStackOutput takes an object.');
    const member = (name: string) => text(argument[name], 'Fn::GetStackOutput', scope);
    if (argument.RoleArn === undefined && (argument.Region === undefined || member('Region') === scope.region)) {
      return scope.stackOutput(member('StackName'), member('OutputName'));
    }
    throw validationError(
      `Template error: the local runtime is one account in ${scope.region}, and so does not support ` +
        'Fn::GetStackOutput with another Region or with a RoleArn.',
    );
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(argument, 'Fn::Base64', scope)).toString('base64'),
  'Fn::GetAZs': (argument, scope) => {
    const region = text(argument, 'Fn::GetAZs', scope);
    return ['a', 'b', 'c'].map((zone) => `${region === '' ? scope.region : region}${zone}`);
  },
};

const wrong = (name: string, needs: string) =>
  validationError(`Template error: every ${name} object requires ${needs}`);

/** The function's argument, which is a list of `minLength` to `maxLength` elements. */
function list(argument: unknown, name: string, minLength: number, maxLength = minLength): unknown[] {
  if (Array.isArray(argument) && argument.length >= minLength && argument.length <= maxLength) return argument;
  const length = minLength === maxLength ? minLength : `${minLength} to ${maxLength}`;
  throw validationError(`Template error: ${name} takes a list of ${length} elements.`);
}

/** The text to which an argument of the function resolves. */
const text = (argument: unknown, name: string, scope: Scope): string => textOf(resolve(argument, scope), name);

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === NO_VALUE) return '';
  throw validationError(`Template error: ${name} needs text, not ${JSON.stringify(value) ?? String(value)}.`);
}

/** CloudFormation compares scalars by their text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}
