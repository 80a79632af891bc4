import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/adapters/client.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { PASS_BUDGET_MS, startBudget } from '../../src/controller/budget.ts';

const ARCHIVES = 20;
const HEAD_MS = 100;
/** Gzip, but not of a tar. */
const NO_ARCHIVE = gzipSync(Buffer.alloc(1000, 7));

const sources = Array.from({ length: ARCHIVES }, (_, index) => ({ bucket: 'models', key: `${index}.tar.gz` }));

/** Objects that each take a time to be read; calls overlap as they do in reality. */
class SlowStore implements Client {
  now = 0;
  most = 0;
  readonly read: string[] = [];
  #running = 0;
  readonly #getMs: number;

  constructor(getMs: number) {
    this.#getMs = getMs;
  }

  async send(command: { readonly input: { Key?: string } }) {
    const { Key = '' } = command.input;
    const name = command.constructor.name;
    if (name === 'GetObjectCommand') {
      this.read.push(Key);
      this.now += this.#getMs;
      return { Body: [NO_ARCHIVE] };
    }
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    const endsAt = this.now + HEAD_MS;
    // Others that run begin before this one ends.
    await new Promise((resolve) => setImmediate(resolve));
    this.now = Math.max(this.now, endsAt);
    this.#running -= 1;
    if (Key === '7.tar.gz') throw Object.assign(new Error(''), { name: 'NotFound' });
    return { ETag: `"${Key}"`, ContentLength: 5_000_000_000, LastModified: new Date(0) };
  }
}

const sound = { kind: 'sound', entries: 1, bytesRead: 1000 } as const;

describe('20 archives', () => {
  test('are observed together, 16 at a time', async () => {
    const store = new SlowStore(0);
    const view = await s3Sources(store).observe(sources, { isTimeUp: () => false });
    expect(view).toMatchObject({ kind: 'missing', uris: ['s3://models/7.tar.gz'] });
    expect([store.most, store.now]).toEqual([16, 2 * HEAD_MS]);
  });

  test.each([true, false])('are checked until time is up; the others get a warning (whole: %s)', async (whole) => {
    const store = new SlowStore(10_000);
    const budget = startBudget(() => store.now);
    const files = sources.map((source) => ({ ...source, etag: 'e', size: 5_000_000_000 }));
    const checking = s3Sources(store, { read: async () => ({ ...sound, whole: true }) });
    const check = await checking.check(files, { whole, isTimeUp: budget.isUp });
    const rest = files.slice(4).map(({ key }) => `s3://models/${key}`);
    const warning = `The function's time was up before these archives were checked: ${rest.join(', ')}.`;
    expect(check).toEqual({ kind: 'passed', warnings: [warning] });
    expect(store.read).toEqual(['0.tar.gz', '1.tar.gz', '2.tar.gz', '3.tar.gz']);
    expect(store.now).toBeLessThanOrEqual(PASS_BUDGET_MS + 10_000);
  });

  test('of which one cannot be loaded are refused', async () => {
    const store = new SlowStore(10);
    const files = sources.map((source) => ({ ...source, etag: 'e', size: NO_ARCHIVE.length }));
    const check = await s3Sources(store).check(files, { whole: false, isTimeUp: () => false });
    expect(check).toMatchObject({ kind: 'refused' });
  });
});
