import { describe, expect, test } from 'vitest';
import { MAX_POINTER_BYTES, targetOf } from '../../src/policy/pointer.ts';

const source = { bucket: 'models', pointer: 'current.txt', targets: ['models', 'archive'] };
const read = (text: string) => targetOf(source, new TextEncoder().encode(text));
const found = { bucket: 'models', key: 'v7/model.tar.gz' };

describe('a pointer', () => {
  test.each([
    ['the URI', 's3://models/v7/model.tar.gz'],
    ['the URI in a line', 's3://models/v7/model.tar.gz\n'],
    ['JSON with uri', '{ "uri": "s3://models/v7/model.tar.gz", "accuracy": 0.9 }'],
    ['JSON with modelDataUrl', '{"modelDataUrl":"s3://models/v7/model.tar.gz"}'],
  ])('is %s', (_, text) => {
    expect(read(text)).toEqual(found);
  });

  test('may name any key, also one that looks like a path upwards', () => {
    expect(read('s3://archive/a b/ü/../m.tar.gz')).toEqual({ bucket: 'archive', key: 'a b/ü/../m.tar.gz' });
  });

  test('of another bucket is refused before that bucket is read', () => {
    expect(read('s3://secrets/model.tar.gz')).toBe(
      'The pointer s3://models/current.txt names an object in the bucket secrets, expected one of: models, archive. Copy ' +
        'the archive there, or add the bucket to targetBuckets of ModelSource.pointer.',
    );
  });

  test.each([
    ['nothing', '', '""'],
    ['a name', 'model.tar.gz', '"model.tar.gz"'],
    ['another scheme', 'https://models.s3.amazonaws.com/m.tar.gz', '"https://models.s3.amazonaws.com/m.tar.gz"'],
    ['a bucket', 's3://models', '"s3://models"'],
    ['a prefix', 's3://models/v7/', '"s3://models/v7/"'],
    ['two lines', 's3://models/a\ns3://models/b', '"s3://models/a\\ns3://models/b"'],
    ['control characters', 's3://models/a\u0000b\u001b[31m', '"s3://models/a\\u0000b\\u001b[31m"'],
    ['a key longer than S3 takes', `s3://models/${'k'.repeat(1025)}`, `"s3://models/${'k'.repeat(88)}…"`],
    ['JSON without the member', '{"key":"m.tar.gz"}', 'JSON without the URI'],
    ['JSON with a number', '{"uri":7}', 'JSON without the URI'],
    ['half of JSON', '{"uri":', '"{\\"uri\\":"'],
    ['a list', '["s3://models/a"]', '"[\\"s3://models/a\\"]"'],
  ])('that contains %s is refused with what it contains', (_, text, got) => {
    expect(read(text)).toBe(
      `The pointer s3://models/current.txt contains ${got}, expected s3://<bucket>/<key of an archive>, or JSON with it ` +
        'as uri or modelDataUrl. Upload it again with the URI.',
    );
  });

  test('that is too large is refused, whatever it contains', () => {
    const fits = `s3://models/m${' '.repeat(MAX_POINTER_BYTES - 12 - 1)}`;
    expect(read(fits)).toEqual({ bucket: 'models', key: 'm' });
    expect(read(`${fits} `)).toBe(
      'The pointer s3://models/current.txt is larger than 4096 bytes, expected one s3:// URI. Upload a text with the URI.',
    );
  });

  test('of bytes that are no text is refused', () => {
    expect(targetOf(source, Uint8Array.of(0x1f, 0x8b, 0xff, 0x00))).toMatch(/contains "/);
  });
});
