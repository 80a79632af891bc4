import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sendRaw } from './raw-client.ts';

const RUNTIME = fileURLToPath(new URL('./measured-runtime.ts', import.meta.url));
const MIB = 2 ** 20;
const OBJECT_BYTES = 512 * MIB;
const MAX_GROWTH_BYTES = 150 * MIB;
const CHUNK = Buffer.alloc(MIB, 'freshpoint');

function* content() {
  for (let sent = 0; sent < OBJECT_BYTES; sent += CHUNK.length) yield CHUNK;
}

test('the runtime accepts one PUT of 512 MiB through its gateway without keeping it in memory', async () => {
  const state = await mkdtemp(join(tmpdir(), 'freshpoint-big-'));
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--disable-warning=ExperimentalWarning', RUNTIME, state],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const peakBytes = async () => {
    child.stdin.write('\n');
    return Number((await lines.next()).value);
  };
  try {
    const url = String((await lines.next()).value);
    const path = '/big/model.tar.gz';
    await sendRaw(url, { service: 's3', method: 'PUT', path: '/big' });
    const before = await peakBytes();
    const headers = { 'content-length': OBJECT_BYTES };
    const { status } = await sendRaw(url, { service: 's3', method: 'PUT', path, body: content(), headers });
    expect(status).toBe(200);
    const head = await sendRaw(url, { service: 's3', method: 'HEAD', path });
    expect(head.headers['content-length']).toBe(String(OBJECT_BYTES));
    expect((await peakBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  } finally {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
    await rm(state, { recursive: true, force: true });
  }
});
