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
  /** The end of the name, e.g. `.fifo`. */
  readonly suffix?: string;
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const RANDOM_LENGTH = 12;

/**
 * A name as CloudFormation generates it: `<stack>-<logicalId>-<random>`. If it is too long, stack and logical id are
 * shortened evenly.
 */
export function generatedName(stackName: string, logicalId: string, rule: NameRule, ids: Ids): string {
  const prefix = rule.prefix ?? '';
  const suffix = rule.suffix ?? '';
  const room = rule.maxLength - RANDOM_LENGTH - 1 - prefix.length - suffix.length;
  const parts = (rule.stackName ?? true) ? shortenEvenly(stackName, logicalId, room - 1) : [logicalId.slice(0, room)];
  const name = `${prefix}${[...parts, randomPart(ids)].join('-')}${suffix}`;
  return (rule.lowerCase ?? false) ? name.toLowerCase() : name;
}

function shortenEvenly(first: string, second: string, room: number): [string, string] {
  const half = Math.floor(room / 2);
  const firstLength = Math.min(first.length, Math.max(half, room - second.length));
  // S3 and SageMaker refuse "--" in some names.
  return [first.slice(0, firstLength).replace(/-+$/, ''), second.slice(0, room - firstLength)];
}

function randomPart(ids: Ids): string {
  const hex = ids.hex(RANDOM_LENGTH * 2);
  let out = '';
  for (let i = 0; i < hex.length; i += 2) out += ALPHABET[Number.parseInt(hex.slice(i, i + 2), 16) % ALPHABET.length];
  return out;
}
