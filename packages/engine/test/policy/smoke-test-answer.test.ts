import { describe, expect, test } from 'vitest';
import { isAsExpected } from '../../src/policy/smoke-test-answer.ts';

describe('an answer', () => {
  const json = (value: unknown) => ({ kind: 'json', value }) as const;
  test.each([
    ['anything', undefined, true],
    ['a setosa, surely', { kind: 'contains', text: 'setosa' }, true],
    ['a rose', { kind: 'contains', text: 'setosa' }, false],
    ['{"a":1,"b":{"c":[1,2],"d":0}}', json({ b: { c: [1, 2] } }), true],
    ['{"a":1}', json({ a: 1 }), true],
    ['{"a":2}', json({ a: 1 }), false],
    // As Python prints what is rounded to zero.
    ['{"a":-0.0}', json({ a: 0 }), true],
    ['{"a":"1"}', json({ a: 1 }), false],
    ['{}', json({ a: undefined }), false],
    ['[1,2,3]', json([1, 2]), false],
    ['[2,1]', json([1, 2]), false],
    ['{"0":1}', json([1]), false],
    ['null', json({}), false],
    ['null', json(null), true],
    ['not json', json({}), false],
    ['{"__proto__":{"a":1}}', json({ toString: {} }), false],
  ] as const)('%s, expected %j: %s', (answer, expectation, is) => {
    expect(isAsExpected(answer, expectation)).toBe(is);
  });
});
