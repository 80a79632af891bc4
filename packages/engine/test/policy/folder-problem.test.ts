import { describe, expect, test } from 'vitest';
import { folderProblem } from '../../src/policy/folder-problem.ts';
import { addPage, beginListing, MAX_FOLDER_OBJECTS } from '../../src/policy/listing.ts';
import { revisionOf } from '../../src/policy/revision.ts';

const folder = { bucket: 'models', folder: 'llm/' };
const data = { bucket: 'data', root: 'Iris/Endpoint/slots/1/', files: [folder] };
const object = (key: string) => ({ bucket: 'models', key, etag: 'e', size: 1, lastModified: 1 });
const file = (key: string) => ({ ...object(key), chosenBy: 's3://models/llm/*' });

describe('a file in a folder', () => {
  test.each(['llm/a', 'llm/', 'llm/a/', 'llm//a', 'llm/./a', 'llm/..a', 'llm/a..', 'llm/...'])('can be %s', (key) => {
    expect(folderProblem(data, [file(key)])).toBeUndefined();
  });

  test.each(['llm/../a', 'llm/..', 'llm/a/../../b', 'llm/a/..'])('must not lead outside: %s', (key) => {
    expect(folderProblem(data, [file(key)])).toBe(
      `s3://models/${key} leads outside the model's folder, because its key has "..". Upload it under another key.`,
    );
  });

  test('must have a key that fits into a slot', () => {
    const key = (length: number) => `llm/${'é'.repeat(length / 2)}`;
    expect(folderProblem(data, [file(key(998))])).toBeUndefined();
    expect(folderProblem(data, [file(key(1000))])).toContain('too long');
  });

  test('may have any key if another source names it', () => {
    expect(folderProblem(data, [object('llm/../a')])).toBeUndefined();
  });
});

describe('the files in folders', () => {
  const pageOf = (prefix: string, from: number) =>
    Array.from({ length: 1000 }, (_, n) => object(`${prefix}${String(from + n).padStart(5, '0')}`));

  test('come with the revision, also from a listing of several pages', () => {
    let progress = beginListing([folder]);
    for (const from of [0, 1000])
      progress = addPage(progress, [folder], { objects: pageOf('llm/', from), isLast: from > 0 });
    const found = revisionOf([folder], progress, { objects: [], faults: [] });
    expect(found.kind === 'complete' && found.files.length).toBe(2000);
  });

  test('are counted only, and rejected, if those of all folders together are too many', () => {
    const folders = [
      { bucket: 'models', folder: 'a/' },
      { bucket: 'models', folder: 'b/' },
    ];
    let progress = beginListing(folders);
    for (const prefix of ['a/', 'b/']) {
      for (let from = 0; from < 3000; from += 1000)
        progress = addPage(progress, folders, { objects: pageOf(prefix, from), isLast: from === 2000 });
    }
    const found = revisionOf(folders, progress, { objects: [], faults: [] });
    if (found.kind !== 'complete') throw new Error('not complete');
    expect([found.objects, found.files.length]).toEqual([6000, MAX_FOLDER_OBJECTS + 1]);
    expect(folderProblem({ ...data, files: folders }, found.files)).toContain(
      'There are more than 5000 objects at s3://models/a/*, s3://models/b/*.',
    );
  });
});
