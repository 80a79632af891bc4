/** Text that is wrapped in the source and one line in what is written. */
export function prose(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const text = parts.map((part, index) => `${part}${values[index] ?? ''}`).join('');
  return text.replace(/\s+/g, ' ').trim();
}
