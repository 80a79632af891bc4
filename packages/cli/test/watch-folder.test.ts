import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchFolder } from '../src/local/watch-folder.ts';

let folder: string;
let end: () => void = () => undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-watch-'));
  for (const name of ['lib', 'cdk.out', 'node_modules']) await mkdir(join(folder, name));
});
afterEach(async () => {
  end();
  await rm(folder, { recursive: true, force: true });
});

/** Watches; each call of the result waits for the next report. */
async function watched(unwatched: string[] = []) {
  let reports = 0;
  let wake: () => void = () => undefined;
  end = await watchFolder(folder, {
    unwatched: ['cdk.out', ...unwatched],
    onChange: () => {
      reports++;
      wake();
    },
  });
  return {
    reports: () => reports,
    next: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
  };
}

describe('a watched folder', () => {
  test('reports changes of its files, once for several at a time', async () => {
    const { next, reports } = await watched();
    const reported = next();
    await writeFile(join(folder, 'lib', 'a.ts'), '1');
    await writeFile(join(folder, 'b.ts'), '1');
    await reported;
    expect(reports()).toBe(1);
  });

  test('reports changes in a folder that was made later', async () => {
    const { next } = await watched();
    const made = next();
    await mkdir(join(folder, 'lib', 'new'));
    await made;
    const changed = next();
    await writeFile(join(folder, 'lib', 'new', 'a.ts'), '1');
    await changed;
  });

  test('reports nothing of what is written by tools', async () => {
    const { next, reports } = await watched(['**/*.js', 'test']);
    await mkdir(join(folder, '.git'));
    for (const path of ['cdk.out/m.json', 'node_modules/x', '.git/index', 'lib/a.js', 'test']) {
      await writeFile(join(folder, path), '1');
    }
    const reported = next();
    await writeFile(join(folder, 'lib', 'a.ts'), '1');
    await reported;
    expect(reports()).toBe(1);
  });
});
