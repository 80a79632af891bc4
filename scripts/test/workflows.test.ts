import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = dirname(dirname(import.meta.dirname));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe.each(globSync('.github/workflows/*.yml', { cwd: root }))('%s', (path) => {
  const text = readFileSync(join(root, path), 'utf8');
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

  test('names an exact version of each action and of each package that it runs', () => {
    const loose = found(/uses: (\S+)/g).filter((action) => !/@v\d+\.\d+\.\d+$/.test(action));
    const unpinned = found(/--package=(\S+)/g).filter((name) => !/.@\d+\.\d+\.\d+$/.test(name));
    expect([...loose, ...unpinned]).toEqual([]);
  });

  test('runs scripts that exist', () => {
    expect(found(/npm run ([\w:-]+)/g).filter((name) => !(name in scripts))).toEqual([]);
  });

  test('has the permissions that it states, no default ones', () => {
    expect(text).toMatch(/^permissions:/m);
  });

  test('bounds the time of each job', () => {
    expect(found(/^ {4}(timeout-minutes): \d+$/gm)).toHaveLength(found(/^ {4}(runs-on): /gm).length);
  });
});
