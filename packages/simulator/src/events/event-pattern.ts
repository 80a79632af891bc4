import { BlockList, isIP } from 'node:net';
import { AwsError } from '../core/aws-error.ts';
import { type Glob, glob, globMatches, literal } from '../core/glob.ts';
import { isRecord } from '../core/is-record.ts';
import { parseJson } from './target-input.ts';

/** Characters of a pattern. */
const MAX_PATTERN_LENGTH = 4096;
/** Deeper patterns are refused, so that matching does not overflow the stack. */
const MAX_DEPTH = 100;
/** The largest number of a numeric comparison. */
const MAX_NUMBER = 5e9;

/** Whether a value of the event matches; `undefined` is an absent field. */
type Matcher = (value: unknown) => boolean;

/**
 * Compiles an EventBridge event pattern, given as JSON text or parsed, to a predicate on events.
 *
 * All fields of the pattern must match, each with one element of its list. A field that is an array in the event
 * matches when one of its elements does; of objects in arrays, all fields must match in the same element.
 * Throws AwsError InvalidEventPatternException.
 */
export function compilePattern(pattern: unknown): (event: unknown) => boolean {
  if (typeof pattern !== 'string') return compileObject(pattern, 0);
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw invalidPattern(`Event pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  return compileObject(
    parseJson(pattern, (error) => invalidPattern(error.message)),
    0,
  );
}

function compileObject(pattern: unknown, depth: number): Matcher {
  if (!isRecord(pattern)) throw invalidPattern('Filter is not an object');
  if (depth > MAX_DEPTH) throw invalidPattern(`Event pattern is nested more than ${MAX_DEPTH} levels deep`);
  const fields = Object.entries(splitNames(pattern)).map(([name, rule]) => compileField(name, rule, depth));
  if (fields.length === 0) throw invalidPattern('Empty objects are not allowed');
  return overElements((given) => {
    const value = isRecord(given) ? splitNames(given) : given;
    return fields.every((field) => field(value));
  });
}

/** A dot in a name, of the pattern or of the event, joins names: `{"a.b": 1}` is `{"a": {"b": 1}}`. */
function splitNames(record: Record<string, unknown>): Record<string, unknown> {
  if (!Object.keys(record).some((name) => name.includes('.'))) return record;
  const split: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(record)) {
    const path = name.split('.');
    const last = path.pop() ?? name;
    let parent = split;
    for (const step of path) {
      const inner = { ...(isRecord(parent[step]) && parent[step]) };
      parent[step] = inner;
      parent = inner;
    }
    const before = parent[last];
    parent[last] = isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
  }
  return split;
}

function compileField(name: string, rule: unknown, depth: number): Matcher {
  if (name === '$or' && Array.isArray(rule) && rule.length > 0 && rule.every(isAlternative)) {
    const alternatives = rule.map((alternative) => compileObject(alternative, depth + 1));
    return (value) => alternatives.some((matches) => matches(value));
  }
  const test = Array.isArray(rule) ? compileList(rule) : isRecord(rule) ? compileObject(rule, depth + 1) : undefined;
  if (!test) throw invalidPattern(`"${name}" must be an object or an array`);
  return (value) => test(isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined);
}

/** If not, `$or` is the name of an ordinary field: `{"$or": [{"prefix": "x"}]}`. */
function isAlternative(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const [name = '', ...more] = Object.keys(value);
  const isComparison = more.length === 0 && ['numeric', 'anything-but'].includes(name);
  return !isComparison && Object.values(value).every((rule) => Array.isArray(rule) || isRecord(rule));
}

function compileList(rule: readonly unknown[]): Matcher {
  const matchers = nonEmpty(rule).map(compileMatcher);
  return overElements((value) => matchers.some((matches) => matches(value)));
}

/** An empty array counts as an absent field. */
function overElements(matches: Matcher): Matcher {
  return (value) => {
    if (!Array.isArray(value)) return matches(value);
    return value.length === 0 ? matches(undefined) : value.some((element) => overElements(matches)(element));
  };
}

/** Compiles one element of a pattern's list: a value, or `{comparison: operand}`. */
function compileMatcher(element: unknown): Matcher {
  if (element === null || ['string', 'number', 'boolean'].includes(typeof element)) return (value) => value === element;
  if (!isRecord(element)) throw invalidPattern('Match value must be String, number, true, false, or null');
  const [name, operand] = onlyEntry(element, 'match');
  const compile = Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
  if (!compile) throw invalidPattern(`Unrecognized match type ${name}`);
  return compile(operand);
}

const COMPARISONS: Readonly<Record<string, (operand: unknown) => Matcher>> = {
  prefix: (operand) => affix(operand, 'prefix', (text, prefix) => text.startsWith(prefix)),
  suffix: (operand) => affix(operand, 'suffix', (text, suffix) => text.endsWith(suffix)),
  'equals-ignore-case': (operand) => {
    const lower = string(operand, 'equals-ignore-case').toLowerCase();
    return onText((text) => text.toLowerCase() === lower);
  },
  wildcard: (operand) => {
    const pattern = parseWildcard(string(operand, 'wildcard'));
    return onText((text) => globMatches(pattern, text));
  },
  'anything-but': anythingBut,
  numeric,
  exists: (operand) => {
    if (typeof operand !== 'boolean') throw invalidPattern('exists match pattern must be either true or false.');
    return (value) => isLeaf(value) === operand;
  },
  cidr: (operand) => {
    // EventBridge names another comparison here.
    const [address = '', bits, ...more] = string(operand, 'prefix').split('/');
    if (bits === undefined || more.length > 0) throw invalidPattern("Malformed CIDR, one '/' required");
    if (!/^\d+$/.test(bits)) throw invalidPattern('Malformed CIDR, mask bits must be an integer');
    const version = isIP(address);
    if (version === 0) throw invalidPattern(`Nonstandard IP address: ${address}`);
    if (Number(bits) > (version === 4 ? 32 : 128)) throw invalidPattern(`Malformed CIDR, too many mask bits: ${bits}`);
    const range = new BlockList();
    range.addSubnet(address, Number(bits), `ipv${version as 4 | 6}`);
    return onText((text) => isIP(text) === version && range.check(text, `ipv${version as 4 | 6}`));
  },
};

/** Only leaves exist, objects do not. */
const isLeaf = (value: unknown) => value !== undefined && !isRecord(value);

const onText =
  (test: (text: string) => boolean): Matcher =>
  (value) =>
    typeof value === 'string' && test(value);

/** `"x"`, or `{"equals-ignore-case": "x"}`. */
function affix(operand: unknown, name: string, test: (text: string, affix: string) => boolean): Matcher {
  if (!isRecord(operand)) {
    const text = string(operand, name);
    return onText((value) => test(value, text));
  }
  const [inner, value] = onlyEntry(operand, name);
  if (inner !== 'equals-ignore-case') throw invalidPattern(`Unrecognized match type in ${name}`);
  const lower = string(value, name).toLowerCase();
  return onText((text) => test(text.toLowerCase(), lower));
}

const ANYTHING_BUT = 'Value of anything-but must be an array or single string/number value.';

/** The field must be present, and none of the operands may match. */
function anythingBut(operand: unknown): Matcher {
  const refused = refusedBy(operand);
  return (value) => isLeaf(value) && !refused.some((matches) => matches(value));
}

function refusedBy(operand: unknown): Matcher[] {
  if (isRecord(operand)) {
    const [name, values] = onlyEntry(operand, 'anything-but');
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name)) {
      throw invalidPattern(`Unsupported anything-but pattern: ${name}`);
    }
    return nonEmpty(values).map((value) => {
      checkRefusedText(name, value);
      return compileMatcher({ [name]: value });
    });
  }
  return nonEmpty(operand).map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return compileMatcher(value);
    throw invalidPattern(
      Array.isArray(operand) ? 'Inside anything but list, start|null|boolean is not supported.' : ANYTHING_BUT,
    );
  });
}

function checkRefusedText(name: string, value: unknown): void {
  const isAffix = name === 'prefix' || name === 'suffix';
  if (isAffix && value === '') throw invalidPattern('Null prefix/suffix not allowed');
  if (typeof value === 'string' || name === 'wildcard') return;
  if (isAffix && isRecord(value)) throw invalidPattern(ANYTHING_BUT);
  if (isAffix) throw invalidPattern('prefix/suffix match pattern must be a string');
  throw invalidPattern('Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.');
}

const NUMERIC_OPERATORS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** `[operator, number]`, or a range: `[">", number, "<=", number]`. */
function numeric(operand: unknown): Matcher {
  if (!Array.isArray(operand)) throw invalidPattern('Value of numeric must be an array.');
  const [first, low, second, high] = operand;
  const isRange = operand.length > 2 && ['>', '>='].includes(first);
  if (isRange && !['<', '<='].includes(second)) throw invalidPattern(`Bad numeric range operator: ${second}`);
  if (operand.length > 4 || (operand.length > 2 && !isRange))
    throw invalidPattern('Too many elements in numeric expression');
  const tests = [[first, low], ...(isRange ? [[second, high]] : [])].map(([operator, bound]): Matcher => {
    const isKnown = typeof operator === 'string' && Object.hasOwn(NUMERIC_OPERATORS, operator);
    const compare = isKnown ? NUMERIC_OPERATORS[operator] : undefined;
    if (!compare) throw invalidPattern(`Unrecognized numeric range operator: ${JSON.stringify(operator)}`);
    if (typeof bound !== 'number') throw invalidPattern(`Value of ${operator} must be numeric`);
    if (Math.abs(bound) > MAX_NUMBER) {
      throw invalidPattern('Value of numeric must be a number from -5.0E9 to 5.0E9');
    }
    return (value) => typeof value === 'number' && compare(value, bound);
  });
  if (isRange && low >= high) throw invalidPattern('Bottom must be less than top');
  return (value) => tests.every((test) => test(value));
}

/** `*` matches any characters; `\*` and `\\` match themselves. */
function parseWildcard(text: string): Glob {
  const repeated = text.indexOf('**');
  if (repeated >= 0) throw invalidPattern(`Consecutive wildcard characters at pos ${repeated + 1}`);
  const parts = text.match(/\\.?|\*+|[^\\*]+/gsu) ?? [];
  return parts.flatMap((part) => {
    if (part.startsWith('\\') && part !== '\\*' && part !== '\\\\') throw invalidPattern('Invalid escape character');
    return part === '*' ? glob(part) : literal(part.startsWith('\\') ? part.slice(1) : part);
  });
}

function string(operand: unknown, name: string): string {
  if (typeof operand !== 'string') throw invalidPattern(`${name} match pattern must be a string`);
  return operand;
}

function onlyEntry(element: Record<string, unknown>, kind: string): [string, unknown] {
  const [entry, ...more] = Object.entries(element);
  if (!entry || more.length > 0) throw invalidPattern(`Only one key allowed in ${kind} expression`);
  return entry;
}

function nonEmpty(operand: unknown): unknown[] {
  const list: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw invalidPattern('Empty arrays are not allowed');
  return list;
}

function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
