import type { SmokeTestExpectation } from '@freshpoint/cdk/contract';

/** Whether the answer is what the test expects. */
export function isAsExpected(answer: string, expectation: SmokeTestExpectation | undefined): boolean {
  if (expectation === undefined) return true;
  if (expectation.kind === 'contains') return answer.includes(expectation.text);
  try {
    return hasMembers(JSON.parse(answer), expectation.value);
  } catch {
    return false;
  }
}

/** Whether the value has at least the members of `expected`, at any depth; lists must have equal length and order. */
function hasMembers(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return value === expected;
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected)) return false;
  if (Array.isArray(expected) && (value as unknown[]).length !== expected.length) return false;
  return Object.entries(expected).every(
    ([name, member]) => Object.hasOwn(value, name) && hasMembers((value as Record<string, unknown>)[name], member),
  );
}
