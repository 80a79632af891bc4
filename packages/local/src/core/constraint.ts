/** AWS's message for a request member that breaks the API's model. `rule` completes "Member must …". */
export function constraintMessage(member: string, value: unknown, rule: string): string {
  const shown = value === undefined || value === null ? 'null' : `'${String(value)}'`;
  return `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: Member must ${rule}`;
}
