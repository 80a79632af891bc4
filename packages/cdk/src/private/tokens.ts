import { type IResolvable, Token } from 'aws-cdk-lib';

/** Whether the value is known at synthesis, rather than a token. */
export function isReadable<T>(value: T | IResolvable): value is T {
  return !Token.isUnresolved(value);
}

/** Whether the value is a list that is known at synthesis. Its elements may be tokens. */
export function isReadableList<T>(value: T[] | IResolvable | undefined): value is T[] {
  return Array.isArray(value) && !Token.isUnresolved(value);
}

/** Whether all values are known at synthesis. */
export function areConcrete(...values: string[]): boolean {
  return !values.some((value) => Token.isUnresolved(value));
}
