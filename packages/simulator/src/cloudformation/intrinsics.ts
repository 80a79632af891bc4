import { isDeepStrictEqual } from 'node:util';
import type { AwsError } from '../core/aws-error.ts';
import { isRecord } from '../core/is-record.ts';
import { parseSub } from './sub.ts';
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

/** The single key and argument of an intrinsic function; undefined for plain data. */
export function intrinsic(value: unknown): { readonly name: string; readonly argument: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  const name = keys[0];
  if (keys.length !== 1 || name === undefined || (name !== 'Ref' && !name.startsWith('Fn::'))) return undefined;
  return { name, argument: (value as Record<string, unknown>)[name] };
}

/** Evaluates all intrinsic functions in `value`. Throws ValidationError with CloudFormation's messages. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const call = intrinsic(value);
  if (call) {
    const run = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
    if (!run) throw unsupportedFunction(call.name);
    return run(call.argument, scope);
  }
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const resolved = resolve(item, scope);
    // defineProperty: a template may contain the key __proto__.
    if (resolved !== NO_VALUE) {
      Object.defineProperty(out, key, { value: resolved, enumerable: true, writable: true, configurable: true });
    }
  }
  return out;
}

/** Evaluates a condition expression: `Condition`, Fn::Equals, Fn::And, Fn::Or, Fn::Not. */
export function evaluate(expression: unknown, scope: Scope): boolean {
  const entries = typeof expression === 'object' && expression !== null ? Object.entries(expression) : [];
  const [name, argument] = (entries.length === 1 ? entries[0] : undefined) ?? [];
  switch (name) {
    case 'Condition':
      return scope.condition(String(argument));
    case 'Fn::Equals': {
      const [left, right] = list(argument, name, 2).map((item) => resolve(item, scope));
      return isDeepStrictEqual(asText(left), asText(right));
    }
    case 'Fn::And':
      return list(argument, name, 2, MAX_CONDITIONS).every((item) => evaluate(item, scope));
    case 'Fn::Or':
      return list(argument, name, 2, MAX_CONDITIONS).some((item) => evaluate(item, scope));
    case 'Fn::Not':
      return !evaluate(list(argument, name, 1)[0], scope);
    default:
      throw validationError(
        'Template format error: Conditions can only be boolean operations on parameters and other conditions, ' +
          `not ${JSON.stringify(expression)}`,
      );
  }
}

/** The logical id and attribute that Fn::GetAtt names, in both its forms. */
export function getAttTarget(argument: unknown): { readonly logicalId: string; readonly attribute: unknown } {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    if (dot > 0) return { logicalId: argument.slice(0, dot), attribute: argument.slice(dot + 1) };
  } else if (Array.isArray(argument) && argument.length >= 2 && typeof argument[0] === 'string') {
    return { logicalId: argument[0], attribute: argument.length === 2 ? argument[1] : argument.slice(1).join('.') };
  }
  throw validationError(
    'Template error: every Fn::GetAtt object requires two non-empty parameters, ' +
      'the resource name and the resource attribute',
  );
}

/** The number of conditions that Fn::And and Fn::Or take. */
const MAX_CONDITIONS = 10;

const FUNCTIONS: Record<string, (argument: unknown, scope: Scope) => unknown> = {
  Ref: (argument, scope) => {
    if (typeof argument !== 'string') {
      throw validationError('Template error: every Ref object must have a single String value.');
    }
    return scope.ref(argument);
  },
  'Fn::GetAtt': (argument, scope) => {
    const { logicalId, attribute } = getAttTarget(argument);
    return scope.getAtt(logicalId, text(resolve(attribute, scope), 'Fn::GetAtt'));
  },
  'Fn::Sub': (argument, scope) => {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof template !== 'string') {
      throw validationError(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. " +
          'Specify a string as first argument, and an optional second argument to specify a mapping of values ' +
          'to replace in the string',
      );
    }
    const own = (variables ?? {}) as Record<string, unknown>;
    return parseSub(template)
      .map((part) => {
        if ('literal' in part) return part.literal;
        if (Object.hasOwn(own, part.variable)) return text(resolve(own[part.variable], scope), 'Fn::Sub');
        const dot = part.variable.indexOf('.');
        const value =
          dot < 0 ? scope.ref(part.variable) : scope.getAtt(part.variable.slice(0, dot), part.variable.slice(dot + 1));
        return text(value, 'Fn::Sub');
      })
      .join('');
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, items] = list(argument, 'Fn::Join', 2);
    const resolved = resolve(items, scope);
    if (typeof delimiter !== 'string' || !Array.isArray(resolved)) {
      throw validationError(
        'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and ' +
          '(2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) ' +
          'to be joined.',
      );
    }
    return resolved.map((item) => text(item, 'Fn::Join')).join(delimiter);
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = list(argument, 'Fn::Select', 2).map((item) => resolve(item, scope));
    const at = Number(index);
    if (!Array.isArray(items) || !Number.isInteger(at)) {
      throw validationError(
        'Template error: Fn::Select requires a list argument with two elements: an integer index and a list',
      );
    }
    if (at < 0 || at >= items.length) {
      throw validationError(`Template error: Fn::Select  cannot select nonexistent value at index ${at}`);
    }
    return items[at];
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, source] = list(argument, 'Fn::Split', 2).map((item) => resolve(item, scope));
    if (typeof delimiter !== 'string' || delimiter === '') {
      throw validationError(
        'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and ' +
          '(2) a string to be split or a function that returns a string to be split.',
      );
    }
    return text(source, 'Fn::Split').split(delimiter);
  },
  'Fn::If': (argument, scope) => {
    const [name, yes, no] = list(argument, 'Fn::If', 3);
    return resolve(scope.condition(String(name)) ? yes : no, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map = '', topKey = '', secondKey = ''] = list(argument, 'Fn::FindInMap', 3).map((item) =>
      text(resolve(item, scope), 'Fn::FindInMap'),
    );
    return scope.mapping(map, topKey, secondKey);
  },
  'Fn::ImportValue': (argument, scope) => scope.importValue(text(resolve(argument, scope), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, scope) => {
    if (!isRecord(argument)) throw validationError('Template error: Fn::GetStackOutput takes an object.');
    const { StackName, OutputName, Region, RoleArn } = argument;
    const given = Region === undefined ? scope.region : text(resolve(Region, scope), 'Fn::GetStackOutput');
    if (given !== scope.region || RoleArn !== undefined) {
      throw validationError(
        `Template error: the local runtime is one account in ${scope.region}, and so does not support ` +
          'Fn::GetStackOutput with another Region or with a RoleArn.',
      );
    }
    const [stackName = '', outputName = ''] = [StackName, OutputName].map((name) =>
      text(resolve(name, scope), 'Fn::GetStackOutput'),
    );
    return scope.stackOutput(stackName, outputName);
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
  'Fn::GetAZs': (argument, scope) => {
    const region = text(resolve(argument, scope), 'Fn::GetAZs');
    return ['a', 'b', 'c'].map((zone) => `${region === '' ? scope.region : region}${zone}`);
  },
};

/** The function's argument, which is a list of `minLength` to `maxLength` elements. */
function list(argument: unknown, name: string, minLength: number, maxLength = minLength): unknown[] {
  if (!Array.isArray(argument) || argument.length < minLength || argument.length > maxLength) {
    const length = minLength === maxLength ? minLength : `${minLength} to ${maxLength}`;
    throw validationError(`Template error: ${name} takes a list of ${length} elements.`);
  }
  return argument;
}

function unsupportedFunction(name: string): AwsError {
  return validationError(`Template error: the local runtime does not support the function ${name}.`);
}

function text(value: unknown, name: string): string {
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
