const MAX_CHARACTERS = 100;

/** Text from outside, fit for a message: no control characters, at most 100 characters. */
export function printableText(text: string): string {
  const safe = JSON.stringify(text).slice(1, -1);
  return safe.length > MAX_CHARACTERS ? `${safe.slice(0, MAX_CHARACTERS)}…` : safe;
}
