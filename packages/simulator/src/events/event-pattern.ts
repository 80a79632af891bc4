import { isRecord } from '../core/is-record.ts';
import { compileMatcher, invalidPattern, type Matcher } from './matchers.ts';

/** Characters of a pattern. */
const MAX_PATTERN_LENGTH = 4096;
/** Deeper patterns are refused, so that matching does not overflow the stack. */
const MAX_DEPTH = 100;

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
  let parsed: unknown;
  try {
    parsed = JSON.parse(pattern);
  } catch (error) {
    throw invalidPattern(error instanceof Error ? error.message : 'not JSON');
  }
  return compileObject(parsed, 0);
}

function compileObject(pattern: unknown, depth: number): Matcher {
  if (!isRecord(pattern)) throw invalidPattern('Filter is not an object');
  if (depth > MAX_DEPTH) throw invalidPattern(`Event pattern is nested more than ${MAX_DEPTH} levels deep`);
  const fields = Object.entries(pattern).map(([name, rule]) => compileField(name, rule, depth));
  if (fields.length === 0) throw invalidPattern('Empty objects are not allowed');
  return overElements((value) => fields.every((field) => field(value)));
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
  return (
    isRecord(value) &&
    Object.values(value).every((rule) => Array.isArray(rule) || isRecord(rule)) &&
    !isComparison(value)
  );
}

function isComparison(value: Record<string, unknown>): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && ['numeric', 'anything-but'].includes(keys[0] ?? '');
}

function compileList(rule: readonly unknown[]): Matcher {
  if (rule.length === 0) throw invalidPattern('Empty arrays are not allowed');
  const matchers = rule.map(compileMatcher);
  return overElements((value) => matchers.some((matches) => matches(value)));
}

/** An empty array counts as an absent field. */
function overElements(matches: Matcher): Matcher {
  return (value) => {
    if (!Array.isArray(value)) return matches(value);
    return value.length === 0 ? matches(undefined) : value.some((element) => overElements(matches)(element));
  };
}
