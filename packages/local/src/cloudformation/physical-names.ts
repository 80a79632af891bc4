import type { Ids } from '../core/ids.ts';

/** What a service accepts as a name. */
export interface NameRule {
  /** Characters. */
  readonly maxLength: number;
  /** @default false */
  readonly lowerCase?: boolean;
  /** The name starts with the stack's name. @default true */
  readonly stackName?: boolean;
  /** Put before everything else, e.g. `CFN-`. */
  readonly prefix?: string;
  /** Put last, e.g. `.fifo`. */
  readonly suffix?: string;
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const randomLength = 12;

/** A name as CloudFormation makes them: `<stack>-<logicalId>-<random>`; both names are cut evenly when it gets too long. */
export function generatedName(stackName: string, logicalId: string, rule: NameRule, ids: Ids): string {
  const prefix = rule.prefix ?? '';
  const suffix = rule.suffix ?? '';
  const room = rule.maxLength - randomLength - 1 - prefix.length - suffix.length;
  const parts = (rule.stackName ?? true) ? cutEvenly(stackName, logicalId, room - 1) : [logicalId.slice(0, room)];
  const name = `${prefix}${[...parts, random(ids)].join('-')}${suffix}`;
  return (rule.lowerCase ?? false) ? name.toLowerCase() : name;
}

function cutEvenly(first: string, second: string, room: number): [string, string] {
  const half = Math.floor(room / 2);
  const firstLength = Math.min(first.length, Math.max(half, room - second.length));
  // A name must not end in a hyphen before the next one starts: S3 and SageMaker refuse "--" in places.
  return [first.slice(0, firstLength).replace(/-+$/, ''), second.slice(0, room - firstLength)];
}

function random(ids: Ids): string {
  const hex = ids.hex(randomLength * 2);
  let out = '';
  for (let i = 0; i < hex.length; i += 2) out += alphabet[Number.parseInt(hex.slice(i, i + 2), 16) % alphabet.length];
  return out;
}
