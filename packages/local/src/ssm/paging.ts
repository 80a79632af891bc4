import { AwsError } from '../core/aws-error.ts';

interface PageInput {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** One page of `all`, which is sorted by `keyOf`. @throws AwsError ValidationException, InvalidNextToken */
export function page<T>(all: readonly T[], input: PageInput, most: number, keyOf: (item: T) => string) {
  const max = input.MaxResults ?? most;
  if (!Number.isInteger(max) || max < 1 || max > most) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${max}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and ${most}`,
    );
  }
  const after = input.NextToken === undefined ? undefined : decode(input.NextToken);
  const rest = after === undefined ? all : all.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, max);
  const last = items.at(-1);
  const NextToken = last !== undefined && rest.length > items.length ? encode(keyOf(last)) : undefined;
  return { items, NextToken };
}

function encode(key: string): string {
  return Buffer.from(`after ${key}`).toString('base64');
}

function decode(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('after ')) throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  return text.slice('after '.length);
}
