import { describe, expect, test } from 'vitest';
import { servesNewest } from '../patterns/fleet.ts';

const instance = (...etags: string[]) => ({ data: etags.map((etag) => ({ etag })) });

describe('a fleet', () => {
  test('serves the newest uploads when every instance loaded their bytes, in any order', () => {
    expect(servesNewest([instance('a', 'b'), instance('b', 'a')], ['b', 'a'])).toBe(true);
  });

  test('does not when one instance loaded other, fewer or more bytes', () => {
    expect(servesNewest([instance('a'), instance('old')], ['a'])).toBe(false);
    expect(servesNewest([instance('a')], ['a', 'b'])).toBe(false);
    expect(servesNewest([instance('a', 'b')], ['a'])).toBe(false);
  });

  test('does not when there is no instance', () => {
    expect(servesNewest([], ['a'])).toBe(false);
  });
});
