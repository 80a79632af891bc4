import type { Ids } from '../core/ids.ts';

/** The names that a service accepts. */
export interface NameRule {
  /** Characters. */
  readonly maxLength: number;
  /** @default false */
  readonly lowerCase?: boolean;
  /** Whether the name starts with the stack's name. @default true */
  readonly stackName?: boolean;
  /** The start of the name, e.g. `CFN-`. */
  readonly prefix?: string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const RANDOM_LENGTH = 12;

/**
 * A name as CloudFormation generates it: `<stack>-<logicalId>-<random>`. If it is too long, stack and logical id are
 * shortened evenly.
 */
export function generatedName(stackName: string, logicalId: string, rule: NameRule, ids: Ids): string {
  const { maxLength, prefix = '', lowerCase = false } = rule;
  const room = maxLength - RANDOM_LENGTH - 1 - prefix.length;
  const parts = (rule.stackName ?? true) ? shortenEvenly(stackName, logicalId, room - 1) : [logicalId.slice(0, room)];
  const digits = ids.hex(RANDOM_LENGTH * 2).match(/../g) ?? [];
  const random = digits.map((byte) => ALPHABET[Number.parseInt(byte, 16) % ALPHABET.length]).join('');
  const name = `${prefix}${[...parts, random].join('-')}`;
  return lowerCase ? name.toLowerCase() : name;
}

function shortenEvenly(first: string, second: string, room: number): [string, string] {
  const firstLength = Math.min(first.length, Math.max(Math.floor(room / 2), room - second.length));
  // S3 and SageMaker refuse "--" in some names.
  return [first.slice(0, firstLength).replace(/-+$/, ''), second.slice(0, room - firstLength)];
}
