import { describe, expect, test } from 'vitest';
import { sizeWarning } from '../../src/policy/size-warning.ts';

describe('the size warning', () => {
  test('is given below a tenth of what is served', () => {
    expect(sizeWarning(1000, 20 * 1024 ** 2)).toMatch(/1000 bytes vs 20\.0 MiB/);
    expect(sizeWarning(2 * 1024 ** 2 - 1, 20 * 1024 ** 2)).toMatch(/2\.0 MiB vs 20\.0 MiB/);
    expect(sizeWarning(2 * 1024 ** 2, 20 * 1024 ** 2)).toBeUndefined();
  });

  test('is not given for a small model, or without a known size', () => {
    expect(sizeWarning(1, 1024 ** 2 - 1)).toBeUndefined();
    expect(sizeWarning(1, undefined)).toBeUndefined();
  });
});
