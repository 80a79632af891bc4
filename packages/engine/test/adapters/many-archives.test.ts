import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../src/adapters/client.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import type { ArchiveCheck } from '../../src/archive/check-archive.ts';
import { PASS_BUDGET_MS, startBudget } from '../../src/controller/budget.ts';
import type { CheckProgress } from '../../src/policy/state.ts';

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

const files = (size: number) => sources.map((source) => ({ ...source, etag: 'e', size }));
const sound = { kind: 'sound', entries: 1, bytesRead: 1000 } as const;

describe('20 archives', () => {
  test('are observed together, 16 at a time', async () => {
    const store = new SlowStore(0);
    const view = await s3Sources(store).observe(sources, { isTimeUp: () => false });
    expect(view).toMatchObject({ kind: 'missing', uris: ['s3://models/7.tar.gz'] });
    expect([store.most, store.now]).toEqual([16, 2 * HEAD_MS]);
  });

  test.each([true, false])(
    'are checked until time is up, and from there in the next pass (whole: %s)',
    async (whole) => {
      const store = new SlowStore(10_000);
      const checking = s3Sources(store, async () => ({ ...sound, whole: true }));
      const passes: (readonly string[])[] = [];
      let progress: CheckProgress | undefined;
      for (;;) {
        const budget = startBudget(() => store.now);
        const check = await checking.check(files(5_000_000_000), { whole, isTimeUp: budget.isUp, progress });
        passes.push(store.read.splice(0));
        if (check.kind !== 'unfinished') {
          expect(check).toEqual({ kind: 'passed', warnings: [] });
          break;
        }
        progress = check.progress;
      }
      expect(passes.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4]);
      expect(passes.flat()).toEqual(sources.map(({ key }) => key));
    },
  );

  test('of which one takes longer than a pass: it is read in a pass of its own, then given up with a warning', async () => {
    const store = new SlowStore(0);
    const isSlow = ({ uri }: ArchiveCheck) => uri.endsWith('/2.tar.gz');
    const checking = s3Sources(store, async (_, options) => {
      if (isSlow(options)) store.now += PASS_BUDGET_MS;
      return { ...sound, whole: !(isSlow(options) && options.isTimeUp()) };
    });
    const check = async (progress?: CheckProgress) => {
      const budget = startBudget(() => store.now);
      return checking.check(files(5000), { whole: true, isTimeUp: budget.isUp, progress });
    };
    expect(await check()).toEqual({ kind: 'unfinished', progress: { checked: 2, warnings: [] } });
    expect(store.read).toHaveLength(3);
    const warning =
      "s3://models/2.tar.gz is too large to be read completely within the function's time: 1000 of 5000 bytes were read.";
    const given = { checked: 3, warnings: [warning] };
    expect(await check({ checked: 2, warnings: [] })).toEqual({ kind: 'unfinished', progress: given });
    expect(await check(given)).toEqual({ kind: 'passed', warnings: [warning] });
    expect(store.read).toHaveLength(3 + 1 + 17);
  });

  test('are not passed unread: a quick check that time is up for begins anew, then is given up with a warning', async () => {
    const store = new SlowStore(0);
    const [file] = files(5000);
    const check = (progress?: CheckProgress) =>
      s3Sources(store).check([file!], { whole: false, isTimeUp: () => true, progress });
    const progress = { checked: 0, warnings: [] };
    expect(await check()).toEqual({ kind: 'unfinished', progress });
    expect(await check(progress)).toMatchObject({
      kind: 'passed',
      warnings: [expect.stringMatching(/: 0 of 5000 bytes were read\.$/)],
    });
  });

  test('of which one cannot be loaded are refused', async () => {
    const store = new SlowStore(10);
    const check = await s3Sources(store).check(files(NO_ARCHIVE.length), { whole: false, isTimeUp: () => false });
    expect(check).toMatchObject({ kind: 'refused' });
  });
});
