import { AwsError } from './aws-error.ts';

/** A member of a request that breaks the API's model. `rule` completes "Member must …". */
interface BrokenConstraint {
  readonly member: string;
  readonly value: unknown;
  readonly rule: string;
}

/** AWS's message for a request member that breaks the API's model. `rule` completes "Member must …". */
export const constraintMessage = (member: string, value: unknown, rule: string): string =>
  constraintMessages([{ member, value, rule }]);

/** AWS's message for all that is wrong with a request. */
export function constraintMessages(broken: readonly BrokenConstraint[]): string {
  const found = broken.map(
    ({ member, value, rule }) =>
      `Value ${shown(value)} at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
  return `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`;
}

/** What the API's model demands of a member: of a number its value, of a text or list its length. */
interface Limits {
  readonly oneOf?: readonly string[];
  /** Of the whole text, without flags. */
  readonly pattern?: RegExp;
  readonly min?: number;
  readonly max?: number;
}

type MemberValue = string | number | readonly unknown[] | undefined;

/** Throws AwsError unless the member is absent or within its limits. */
export const checkMember = (member: string, value: MemberValue, limits: Limits, code?: string): void =>
  checkMembers([[member, value, limits]], code);

/** Throws one AwsError for all members that are outside their limits. */
export function checkMembers(
  members: readonly (readonly [member: string, value: MemberValue, limits: Limits])[],
  code = 'ValidationException',
): void {
  const broken = members.flatMap(([member, value, limits]) =>
    brokenRules(value, limits).map((rule) => ({ member, value, rule })),
  );
  if (broken.length > 0) throw new AwsError(code, constraintMessages(broken));
}

function brokenRules(
  value: MemberValue,
  { oneOf, pattern, min = 0, max = Number.POSITIVE_INFINITY }: Limits,
): readonly string[] {
  if (value === undefined) return [];
  const [kind, size] = typeof value === 'number' ? ['value', value] : ['length', value.length];
  if (Number.isNaN(Number(size))) return ['be a number, a text or a list'];
  const text = String(value);
  if (oneOf && !oneOf.includes(text)) return [`satisfy enum value set: [${oneOf.join(', ')}]`];
  const matches = !pattern || new RegExp(`^(?:${pattern.source})$`).test(text);
  return [
    ...(size < min ? [`have ${kind} greater than or equal to ${min}`] : []),
    ...(size <= max ? [] : [`have ${kind} less than or equal to ${max}`]),
    ...(matches ? [] : [`satisfy regular expression pattern: ${pattern.source.replaceAll('\\/', '/')}`]),
  ];
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return Array.isArray(value) ? `'[${value.join(', ')}]'` : `'${String(value)}'`;
}
