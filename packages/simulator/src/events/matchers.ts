import { BlockList, isIP } from 'node:net';
import { AwsError } from '../core/aws-error.ts';
import { type Glob, glob, globMatches, literal } from '../core/glob.ts';
import { isRecord } from '../core/is-record.ts';

/** Whether a value of the event matches; `undefined` is an absent field. */
export type Matcher = (value: unknown) => boolean;

export function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}

/**
 * Compiles one element of a pattern's list: a value, or `{comparison: operand}`.
 * Throws AwsError InvalidEventPatternException.
 */
export function compileMatcher(element: unknown): Matcher {
  if (element === null || ['string', 'number', 'boolean'].includes(typeof element)) return (value) => value === element;
  if (!isRecord(element)) throw invalidPattern('Match value must be String, number, true, false, or null');
  const [entry, ...more] = Object.entries(element);
  if (!entry || more.length > 0) throw invalidPattern('Only one key allowed in match expression');
  const [name, operand] = entry;
  const compile = Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
  if (!compile) throw invalidPattern(`Unrecognized match type ${name}`);
  return compile(operand);
}

const COMPARISONS: Readonly<Record<string, (operand: unknown) => Matcher>> = {
  prefix: (operand) => stringMatcher(operand, 'prefix', (text, prefix) => text.startsWith(prefix)),
  suffix: (operand) => stringMatcher(operand, 'suffix', (text, suffix) => text.endsWith(suffix)),
  'equals-ignore-case': (operand) => ignoringCase(operand, 'equals-ignore-case', (text, other) => text === other),
  wildcard: (operand) => {
    const pattern = parseWildcard(operand);
    return onText((text) => globMatches(pattern, text));
  },
  'anything-but': anythingBut,
  numeric,
  exists: (operand) => {
    if (typeof operand !== 'boolean') throw invalidPattern('exists match pattern must be either true or false.');
    // Only leaves exist, objects do not.
    return (value) => (value !== undefined && !isRecord(value)) === operand;
  },
  cidr: (operand) => {
    if (typeof operand !== 'string') throw invalidPattern('Malformed CIDR, value must be a string');
    const [address = '', bits = ''] = operand.split('/');
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
      throw invalidPattern('Malformed CIDR, one "/" required with a valid address and mask bits');
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const range = new BlockList();
    range.addSubnet(address, Number(bits), family);
    return onText((text) => isIP(text) === version && range.check(text, family));
  },
};

/** `"x"`, or `{"equals-ignore-case": "x"}`. */
function stringMatcher(operand: unknown, name: string, test: (text: string, operand: string) => boolean): Matcher {
  if (isRecord(operand)) {
    const keys = Object.keys(operand);
    if (keys.length !== 1 || keys[0] !== 'equals-ignore-case') {
      throw invalidPattern(`Unrecognized match type in ${name}`);
    }
    return ignoringCase(operand['equals-ignore-case'], name, test);
  }
  const text = string(operand, name);
  return onText((value) => test(value, text));
}

function ignoringCase(operand: unknown, name: string, test: (text: string, operand: string) => boolean): Matcher {
  const lower = string(operand, name).toLowerCase();
  return onText((value) => test(value.toLowerCase(), lower));
}

/** The field must be present, and none of the operands may match. */
function anythingBut(operand: unknown): Matcher {
  const refused = refusedBy(operand);
  return (value) => value !== undefined && !isRecord(value) && !refused.some((matches) => matches(value));
}

function refusedBy(operand: unknown): Matcher[] {
  if (isRecord(operand)) {
    const [entry, ...more] = Object.entries(operand);
    if (!entry || more.length > 0) throw invalidPattern('Only one key allowed in anything-but expression');
    const [name, values] = entry;
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name)) {
      throw invalidPattern(`Unsupported anything-but pattern: ${name}`);
    }
    return nonEmpty(values).map((value) => compileMatcher({ [name]: value }));
  }
  return nonEmpty(operand).map((value) => {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw invalidPattern('Inside anything but list, values must be string or number');
    }
    return (actual: unknown) => actual === value;
  });
}

const NUMERIC_OPERATORS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** The largest number of a numeric comparison. */
const MAX_NUMBER = 5e9;

function numeric(operand: unknown): Matcher {
  if (!Array.isArray(operand)) throw invalidPattern('Value of numeric must be an array.');
  const valid = operand.length === 2 || (operand.length === 4 && /^>/.test(operand[0]) && /^</.test(operand[2]));
  if (!valid) throw invalidPattern('Bad numeric range');
  const tests: Matcher[] = [];
  for (let i = 0; i < operand.length; i += 2) {
    const compare =
      typeof operand[i] === 'string' && Object.hasOwn(NUMERIC_OPERATORS, operand[i])
        ? NUMERIC_OPERATORS[operand[i]]
        : undefined;
    const bound: unknown = operand[i + 1];
    if (!compare) throw invalidPattern(`Unrecognized numeric range operator: ${String(operand[i])}`);
    if (typeof bound !== 'number' || Math.abs(bound) > MAX_NUMBER) {
      throw invalidPattern('Value of numeric must be a number from -5.0E9 to 5.0E9');
    }
    tests.push((value) => typeof value === 'number' && compare(value, bound));
  }
  if (operand.length === 4 && operand[1] >= operand[3]) throw invalidPattern('Bottom must be less than top');
  return (value) => tests.every((test) => test(value));
}

/** `*` matches any characters; `\*` and `\\` match themselves. */
function parseWildcard(operand: unknown): Glob {
  const text = string(operand, 'wildcard');
  const tokens: Glob[number][] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\\') {
      const escaped = text[++i];
      if (escaped !== '*' && escaped !== '\\') {
        throw invalidPattern(`Invalid escape character at pos ${i - 1}`);
      }
      tokens.push(escaped);
    } else if (char === '*') {
      if (text[i + 1] === '*') throw invalidPattern(`Consecutive wildcard characters at pos ${i}`);
      tokens.push(...glob('*'));
    } else {
      // By code point, as the text is matched.
      const point = String.fromCodePoint(text.codePointAt(i) ?? 0);
      tokens.push(...literal(point));
      i += point.length - 1;
    }
  }
  return tokens;
}

function string(operand: unknown, name: string): string {
  if (typeof operand !== 'string') throw invalidPattern(`${name} match pattern must be a string`);
  return operand;
}

function nonEmpty(operand: unknown): unknown[] {
  const list: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw invalidPattern('Empty arrays are not allowed');
  return list;
}

function onText(test: (text: string) => boolean): Matcher {
  return (value) => typeof value === 'string' && test(value);
}
