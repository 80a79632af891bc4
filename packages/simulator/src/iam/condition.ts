import { BlockList, isIP } from 'node:net';
import { globMatches, literal } from '../core/glob.ts';
import { isRecord } from '../core/is-record.ts';
import { syntaxError } from './errors.ts';
import { expand, type RequestContext } from './request-context.ts';

/** One condition of a statement, all of which must hold. */
export interface Condition {
  /** Without `Not`. */
  readonly operator: string;
  /** Holds when no value of the policy matches, and when the key is absent. */
  readonly isNegative: boolean;
  readonly quantifier?: 'ForAnyValue' | 'ForAllValues';
  readonly ifExists: boolean;
  /** Lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Whether a value of the request matches a value of the policy. */
type Test = (actual: string, expected: string, context: RequestContext) => boolean;

const equals: Test = (actual, expected, context) => text(expected, context) === actual;
const like: Test = (actual, expected, context) => {
  const pattern = expand(expected, context);
  return pattern !== undefined && globMatches(pattern, actual);
};
/** Compares component by component: a `*` does not match across the first five colons. */
const arnLike: Test = (actual, expected, context) => {
  const [have, want] = [arnParts(actual), arnParts(expected)];
  return have.length === want.length && want.every((part, i) => like(have[i] ?? '', part, context));
};

/** False for what is no number. */
const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};
const comparing = (kind: string, read: (value: string) => number) =>
  Object.entries(COMPARISONS).map(([name, compare]): [string, Test] => [
    `${kind}${name}`,
    (actual, expected) => compare(read(actual), read(expected)),
  ]);
const instant = (value: string) => (/^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value));

const TESTS = new Map<string, Test>([
  ['StringEquals', equals],
  [
    'StringEqualsIgnoreCase',
    (actual, expected, context) => text(expected, context)?.toLowerCase() === actual.toLowerCase(),
  ],
  ['StringLike', like],
  ['ArnEquals', arnLike],
  ['ArnLike', arnLike],
  ['Bool', (actual, expected) => actual.toLowerCase() === expected.toLowerCase()],
  ['Null', () => false],
  ['IpAddress', inRange],
  ...comparing('Numeric', Number),
  ...comparing('Date', instant),
]);

/** Reads a Condition block. Throws AwsError MalformedPolicyDocument, also for an operator that is not simulated. */
export function parseCondition(block: unknown): Condition[] {
  if (block === undefined) return [];
  if (!isRecord(block)) throw syntaxError('Condition must be an object.');
  return Object.entries(block).flatMap(([written, keys]) => {
    if (!isRecord(keys)) throw syntaxError(`Condition ${written} must be an object.`);
    const [, quantifier, operator = '', ifExists] =
      /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(written) ?? [];
    const positive = operator.replace(/Not(?=Equals|Like|IpAddress)/, '');
    return Object.entries(keys).map(([key, value]) => {
      if (!TESTS.has(positive)) throw syntaxError(`The local runtime does not know the condition operator ${written}.`);
      return {
        operator: positive,
        isNegative: positive !== operator,
        quantifier: quantifier as Condition['quantifier'],
        ifExists: ifExists !== undefined,
        key: key.toLowerCase(),
        values: [value].flat().map((item) => {
          if (typeof item === 'object') throw syntaxError(`Condition ${written} of ${key} must consist of strings.`);
          return String(item);
        }),
      };
    });
  });
}

/** Whether the request meets the condition. */
export function conditionHolds(condition: Condition, context: RequestContext): boolean {
  const { operator, isNegative, quantifier, ifExists, values } = condition;
  const actual = context.get(condition.key) ?? [];
  if (operator === 'Null') {
    return values.some((value) => (value.toLowerCase() === 'true') === (actual.length === 0));
  }
  const test = TESTS.get(operator);
  const holds = (value: string) => values.some((expected) => test?.(value, expected, context)) !== isNegative;
  if (quantifier === 'ForAllValues') return actual.every(holds);
  if (actual.length === 0) return ifExists || (quantifier === undefined && isNegative);
  // AWS advises against several values without a quantifier: one that matches (or, negated, none) decides.
  return quantifier === undefined && isNegative ? actual.every(holds) : actual.some(holds);
}

function text(expected: string, context: RequestContext): string | undefined {
  return expected.includes('${') ? expand(expected, context, literal)?.join('') : expected;
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** Whether the address is in the range: an address, or a network as `address/bits`. */
function inRange(address: string, range: string): boolean {
  const [network = '', bits] = range.split('/');
  const version = isIP(network);
  const longest = version === 4 ? 32 : 128;
  const length = Number(bits ?? longest);
  if (version === 0 || isIP(address) !== version || !Number.isInteger(length) || length < 0 || length > longest) {
    return false;
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return list.check(address, family);
}
