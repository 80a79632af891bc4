import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../src/persistence/folder-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshpoint-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the lock of a folder', () => {
  it('is held by one at a time', async () => {
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`is used by another local runtime, process ${process.pid}.`);
    unlock();
    lockFolder(folder)();
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with its process', async () => {
    const child = spawn('sleep', ['60']);
    lockFolder(folder)();
    const own = lockFolder(folder);
    const claim = JSON.parse(await readFile(join(folder, 'lock'), 'utf8'));
    own();
    await writeFile(join(folder, 'lock'), JSON.stringify({ ...claim, pid: child.pid }));
    child.kill('SIGKILL');
    await once(child, 'close');
    lockFolder(folder)();
  });

  it('is not held by a later process with the same pid', async () => {
    await writeFile(join(folder, 'lock'), JSON.stringify({ pid: process.pid, started: 'Thu Jan  1 00:00:00 1970' }));
    lockFolder(folder)();
  });

  it('is not held by half a claim', async () => {
    await writeFile(join(folder, 'lock'), '{"pid":');
    lockFolder(folder)();
  });
});
