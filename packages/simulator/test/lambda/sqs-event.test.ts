import { describe, expect, it } from 'vitest';
import { failedMessageIds, sqsRecord } from '../../src/lambda/sqs-event.ts';

const batch = new Set(['a', 'b', 'c']);
const failed = (answer: string) => [...failedMessageIds(Buffer.from(answer), batch)];
const report = (...ids: unknown[]) => JSON.stringify({ batchItemFailures: ids.map((id) => ({ itemIdentifier: id })) });

describe('an answer that means success', () => {
  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a null list', '{"batchItemFailures":null}'],
    ['an empty list', '{"batchItemFailures":[]}'],
  ])('%s', (_name, answer) => {
    expect(failed(answer)).toEqual([]);
  });
});

describe('an answer that fails the whole batch', () => {
  it.each([
    ['not JSON', '{'],
    ['a string', '"ok"'],
    ['an array', '[]'],
    ['a list that is none', '{"batchItemFailures":"a"}'],
    ['an empty identifier', report('a', '')],
    ['a null identifier', report('a', null)],
    ['an identifier that is no string', report(1)],
    ['an unknown identifier', report('a', 'z')],
    ['a misspelt key', '{"batchItemFailures":[{"itemIdentifer":"a"}]}'],
    ['a null entry', '{"batchItemFailures":[null]}'],
  ])('%s', (_name, answer) => {
    expect(failed(answer)).toEqual(['a', 'b', 'c']);
  });
});

it('says that a message without attributes has no digest of them, in a mapping with a window', () => {
  const record = (windowSeconds: number) => sqsRecord({ Body: 'b' }, { queueArn: 'q', region: 'r', windowSeconds });
  expect(record(1)).toMatchObject({ messageAttributes: {}, md5OfMessageAttributes: null });
  expect(record(0).md5OfMessageAttributes).toBeUndefined();
});

it('names the messages that failed', () => {
  expect(failed(report('c', 'a'))).toEqual(['c', 'a']);
});
