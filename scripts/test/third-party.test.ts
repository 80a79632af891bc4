import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { thirdPartyNotices } from '../third-party.ts';

const root = mkdtempSync(join(tmpdir(), 'third-party-'));
afterAll(() => rmSync(root, { recursive: true }));

function addPackage(name: string, licenceText?: string): void {
  const folder = join(root, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3', license: 'MIT' }));
  if (licenceText !== undefined) writeFileSync(join(folder, 'LICENSE'), licenceText);
}

test('the notices name each package with code in the bundle, and have each licence text once', () => {
  addPackage('a', 'the text');
  addPackage('@scope/b', 'the text');
  addPackage('a/node_modules/nested', 'another text');
  addPackage('without');
  addPackage('shaken', 'no part of it');
  const bytes = (paths: Record<string, number>) =>
    Object.fromEntries(Object.entries(paths).map(([path, bytesInOutput]) => [path, { bytesInOutput }]));
  const inputs = bytes({
    'packages/engine/src/index.ts': 9,
    'node_modules/a/index.js': 1,
    'some-plugin:node_modules/@scope/b/lib/index.js': 1,
    'node_modules/a/node_modules/nested/index.js': 1,
    'node_modules/without/index.js': 1,
    'node_modules/shaken/index.js': 0,
  });
  const metafile = { inputs: {}, outputs: { 'index.cjs': { inputs } } } as unknown as Metafile;
  const text = thirdPartyNotices(metafile, root);
  expect(text).toContain('@scope/b 1.2.3 (MIT)\na 1.2.3 (MIT)\n\nthe text\n');
  expect(text).toContain('nested 1.2.3 (MIT)\n\nanother text\n');
  expect(text).toContain('without 1.2.3 (MIT)\n\nThe package has no licence text of its own.\n');
  expect(text).not.toMatch(/shaken|no part of it|engine/);
});

test('a bundled package without a manifest is an error', () => {
  const outputs = { 'index.cjs': { inputs: { 'node_modules/gone/index.js': { bytesInOutput: 1 } } } };
  expect(() => thirdPartyNotices({ inputs: {}, outputs } as unknown as Metafile, root)).toThrow(/gone.*is missing/);
});
