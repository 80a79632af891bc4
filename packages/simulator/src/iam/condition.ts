import { AwsError } from '../core/aws-error.ts';
import { globMatches, literal } from '../core/glob.ts';
import { isRecord } from '../core/is-record.ts';
import { expand, type RequestContext } from './request-context.ts';

/** One condition of a statement, all of which must hold. */
export interface Condition {
  readonly operator: string;
  readonly quantifier?: 'ForAnyValue' | 'ForAllValues';
  readonly ifExists: boolean;
  /** Lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Whether a value of the request matches a value of the policy. */
type Test = (actual: string, expected: string, context: RequestContext) => boolean;

const equals: Test = (actual, expected, context) => text(expected, context) === actual;
const equalsIgnoreCase: Test = (actual, expected, context) =>
  text(expected, context)?.toLowerCase() === actual.toLowerCase();
const like: Test = (actual, expected, context) => {
  const pattern = expand(expected, context);
  return pattern !== undefined && globMatches(pattern, actual);
};
/** Compares component by component: a `*` does not match across the first five colons. */
const arnLike: Test = (actual, expected, context) => {
  const [have, want] = [arnParts(actual), arnParts(expected)];
  return have.length === want.length && want.every((part, i) => like(have[i] ?? '', part, context));
};
const number = (compare: (a: number, b: number) => boolean): Test => {
  return (actual, expected) => {
    const [a, b] = [Number(actual), Number(expected)];
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
};
const date = (compare: (a: number, b: number) => boolean): Test => {
  return (actual, expected) => {
    const [a, b] = [instant(actual), instant(expected)];
    return !Number.isNaN(a) && !Number.isNaN(b) && compare(a, b);
  };
};
const eq = (a: number, b: number) => a === b;

const POSITIVE_OPERATORS: Readonly<Record<string, Test>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringLike: like,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  IpAddress: (actual, expected) => inRange(actual, expected),
  NumericEquals: number(eq),
  NumericLessThan: number((a, b) => a < b),
  NumericLessThanEquals: number((a, b) => a <= b),
  NumericGreaterThan: number((a, b) => a > b),
  NumericGreaterThanEquals: number((a, b) => a >= b),
  DateEquals: date(eq),
  DateLessThan: date((a, b) => a < b),
  DateLessThanEquals: date((a, b) => a <= b),
  DateGreaterThan: date((a, b) => a > b),
  DateGreaterThanEquals: date((a, b) => a >= b),
};

/** These hold when no value of the policy matches, and when the key is absent. */
const NEGATIVE_OPERATORS: Readonly<Record<string, Test>> = {
  StringNotEquals: equals,
  StringNotEqualsIgnoreCase: equalsIgnoreCase,
  StringNotLike: like,
  ArnNotEquals: arnLike,
  ArnNotLike: arnLike,
  NotIpAddress: (actual, expected) => inRange(actual, expected),
  NumericNotEquals: number(eq),
  DateNotEquals: date(eq),
};

/** Reads a Condition block. Throws AwsError MalformedPolicyDocument, also for an operator that is not simulated. */
export function parseCondition(block: unknown): Condition[] {
  if (block === undefined) return [];
  if (!isRecord(block)) throw malformedCondition('Condition must be an object.');
  return Object.entries(block).flatMap(([written, keys]) => {
    if (!isRecord(keys)) throw malformedCondition(`Condition ${written} must be an object.`);
    const [, quantifier, base = '', ifExists] =
      /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
    const known = base === 'Null' || Object.hasOwn(POSITIVE_OPERATORS, base) || Object.hasOwn(NEGATIVE_OPERATORS, base);
    if (!known) throw malformedCondition(`The local runtime does not know the condition operator ${written}.`);
    return Object.entries(keys).map(([key, value]) => ({
      operator: base,
      quantifier: quantifier as Condition['quantifier'],
      ifExists: ifExists !== undefined,
      key: key.toLowerCase(),
      values: (Array.isArray(value) ? value : [value]).map(String),
    }));
  });
}

/** Whether the request meets the condition. */
export function conditionHolds(condition: Condition, context: RequestContext): boolean {
  const actual = context.get(condition.key) ?? [];
  if (condition.operator === 'Null') {
    return condition.values.some((value) => (value.toLowerCase() === 'true') === (actual.length === 0));
  }
  const test = POSITIVE_OPERATORS[condition.operator];
  const holds = test
    ? (value: string) => condition.values.some((expected) => test(value, expected, context))
    : (value: string) =>
        !condition.values.some((expected) => NEGATIVE_OPERATORS[condition.operator]?.(value, expected, context));
  if (condition.quantifier === 'ForAllValues') return actual.every(holds);
  if (actual.length === 0) {
    if (condition.ifExists) return true;
    return condition.quantifier === undefined && test === undefined;
  }
  // AWS advises against several values without a quantifier: one that matches (or, negated, none) decides.
  if (condition.quantifier === undefined && test === undefined) return actual.every(holds);
  return actual.some(holds);
}

function text(expected: string, context: RequestContext): string | undefined {
  return expected.includes('${') ? expand(expected, context, literal)?.join('') : expected;
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function instant(value: string): number {
  return /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value);
}

/** IPv4 only, as every caller of the local runtime is on 127.0.0.1. */
function inRange(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const [a, b, length] = [ipv4(address), ipv4(base), Number(bits)];
  if (a === undefined || b === undefined || !(length >= 0 && length <= 32)) return false;
  return Math.floor(a / 2 ** (32 - length)) === Math.floor(b / 2 ** (32 - length));
}

function ipv4(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || !parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function malformedCondition(reason: string): AwsError {
  return new AwsError('MalformedPolicyDocument', `Syntax errors in policy. ${reason}`, 400);
}
