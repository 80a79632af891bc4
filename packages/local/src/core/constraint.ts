/** AWS's message for a request member that breaks the API's model. `rule` completes "Member must …". */
export function constraintMessage(member: string, value: unknown, rule: string): string {
  return (
    `1 validation error detected: Value ${shown(value)} at '${member}' ` +
    `failed to satisfy constraint: Member must ${rule}`
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return Array.isArray(value) ? `'[${value.join(', ')}]'` : `'${String(value)}'`;
}
