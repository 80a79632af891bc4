import { Parser } from 'tar';
import { expect, test } from 'vitest';
import { modelArchive } from '../support/archive.ts';

test('a model archive is a gzipped tar with the content in one file, and follows from the content alone', async () => {
  const parser = new Parser({ strict: true });
  const files: Record<string, string> = {};
  parser.on('entry', (entry) => {
    files[entry.path] = '';
    entry.on('data', (chunk: Buffer) => {
      files[entry.path] += chunk.toString();
    });
  });
  const ended = new Promise((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', reject);
  });
  parser.end(modelArchive('{"upload":1}'));
  await ended;
  expect(files).toEqual({ 'model.json': '{"upload":1}' });
  expect(modelArchive('{"upload":1}')).toEqual(modelArchive('{"upload":1}'));
  expect(modelArchive('{"upload":1}')).not.toEqual(modelArchive('{"upload":2}'));
});
