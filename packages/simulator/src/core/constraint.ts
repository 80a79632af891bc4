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

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return Array.isArray(value) ? `'[${value.join(', ')}]'` : `'${String(value)}'`;
}
