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

/** Throws AwsError unless the member is absent or within its limits. */
export function checkMember(
  member: string,
  value: string | number | readonly unknown[] | undefined,
  { oneOf, pattern, min = 0, max = Number.POSITIVE_INFINITY }: Limits,
  code = 'ValidationException',
): void {
  if (value === undefined) return;
  const [kind, size] = typeof value === 'number' ? ['value', value] : ['length', value.length];
  const text = String(value);
  let rule: string | undefined;
  if (oneOf && !oneOf.includes(text)) rule = `satisfy enum value set: [${oneOf.join(', ')}]`;
  else if (size < min) rule = `have ${kind} greater than or equal to ${min}`;
  else if (!(size <= max)) rule = `have ${kind} less than or equal to ${max}`;
  else if (pattern && !new RegExp(`^(?:${pattern.source})$`).test(text))
    rule = `satisfy regular expression pattern: ${pattern.source}`;
  if (rule !== undefined) throw new AwsError(code, constraintMessage(member, value, rule));
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return Array.isArray(value) ? `'[${value.join(', ')}]'` : `'${String(value)}'`;
}
