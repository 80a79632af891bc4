import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { raw } from './raw-client.ts';

const RUNTIME = fileURLToPath(new URL('./measured-runtime.ts', import.meta.url));
const SIZE = 512 * 2 ** 20;
const CHUNK = Buffer.alloc(2 ** 20, 'freshpoint');

function* content() {
  for (let sent = 0; sent < SIZE; sent += CHUNK.length) yield CHUNK;
}

describe('the runtime', () => {
  test('takes 512 MiB by one PUT through its gateway without holding them in memory', async () => {
    const state = await mkdtemp(join(tmpdir(), 'freshpoint-big-'));
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--disable-warning=ExperimentalWarning', RUNTIME, state],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const peak = async () => {
      child.stdin.write('\n');
      return Number((await lines.next()).value);
    };
    try {
      const url = String((await lines.next()).value);
      await raw(url, 's3', 'PUT', '/big');
      const before = await peak();
      const { status } = await raw(url, 's3', 'PUT', '/big/model.tar.gz', content(), { 'content-length': SIZE });
      expect(status).toBe(200);
      const { headers } = await raw(url, 's3', 'HEAD', '/big/model.tar.gz');
      expect(headers['content-length']).toBe(String(SIZE));
      expect((await peak()) - before).toBeLessThan(150 * 2 ** 20);
    } finally {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      await rm(state, { recursive: true, force: true });
    }
  });
});
