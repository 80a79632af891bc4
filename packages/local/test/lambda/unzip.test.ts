import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unzip } from '../../src/lambda/unzip.ts';
import { zip } from './zip.ts';

describe('unzip', () => {
  it('reads stored and deflated files, and skips folders', () => {
    const archive = zip({ 'a.txt': 'plain', 'lib/': '', 'lib/b.js': 'x'.repeat(10_000) });
    expect(unzip(archive).map(({ path, content }) => [path, content.length])).toEqual([
      ['a.txt', 5],
      ['lib/b.js', 10_000],
    ]);
  });

  it.each(['../a', '/etc/a', 'a/../../b', 'C:/a', 'a\\b', '.'])('refuses the path %s', (name) => {
    expect(() => unzip(zip({ [name]: 'x' }))).toThrow('leaves');
  });

  it('refuses a symbolic link', () => {
    expect(() => unzip(zip({ link: '/etc/passwd' }, { mode: 0o120777 }))).toThrow('symbolic link');
  });

  it('refuses a file that is larger than its entry says', () => {
    const bomb = deflateRawSync(Buffer.alloc(10_000_000));
    expect(() => unzip(zip({ a: 'x' }, { packed: bomb, crc: crc32('x') }))).toThrow();
  });

  it('refuses more than 250 MiB in all', () => {
    expect(() => unzip(zip({ a: 'x' }, { size: 262_144_001 }))).toThrow('Unzipped size must be smaller than 262144000');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['something else', Buffer.alloc(100, 'x')],
    ['a wrong checksum', zip({ a: 'x' }, { crc: 1 })],
    ['half an archive', zip({ a: 'x'.repeat(100), b: 'y' }).subarray(40)],
  ])('refuses %s', (_name, archive) => {
    expect(() => unzip(archive)).toThrow();
  });
});
