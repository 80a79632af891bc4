import { expect, it } from 'vitest';
import { base64Bytes } from '../../src/wire/scalar-text.ts';

it('bytes of many megabytes are read, as those of a large function', () => {
  expect(base64Bytes('QUJD'.repeat(8 * 1024 ** 2))).toHaveLength(24 * 1024 ** 2);
});

it.each(['QUI', 'QUI=x', 'Q===', '=', 'QU I', 'QUJD='])('%s is not base64', (text) => {
  expect(base64Bytes(text)).toBeUndefined();
});

it.each(['', 'QQ==', 'QUI=', 'QUJD', '+/+/'])('%s is base64', (text) => {
  expect(base64Bytes(text)?.toString('base64')).toBe(text);
});
