import { randomBytes } from 'node:crypto';
import { reconcileRequest } from '@freshpoint/cdk/contract';
import { tarGz } from '@freshpoint/test-support/tar-builder';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/adapters/client.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { PASS_BUDGET_MS } from '../../src/controller/budget.ts';
import { MINUTE, NOON, onA, settling, spec, v2 } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const ARCHIVES = 20;
const PIECE_BYTES = 64 * 1024;
const PIECES = 10;
/** How long S3 takes to send a piece of an archive, in ms: three archives fit into a pass. */
const PIECE_MS = 1000;

const GOOD = tarGz({ path: 'model.bin', body: randomBytes(PIECES * PIECE_BYTES - 1000) });
const DAMAGED = Buffer.from(GOOD);
DAMAGED[GOOD.length - 5]! ^= 1;

const sources = Array.from({ length: ARCHIVES }, (_, index) => ({ bucket: 'models', key: `${index}.tar.gz` }));
const files = sources.map((source) => ({ ...source, etag: 'e', size: GOOD.length }));
const data = { bucket: 'copies', root: 'Iris/Endpoint/1/', files: sources };
const upload = { ...v2, objects: ARCHIVES, files };

/** S3 with archives that arrive slowly, piece by piece. */
class SlowArchives implements Client {
  /** Of which archives something was read, in order. */
  readonly read: string[] = [];
  readonly damaged = new Set<string>();
  /** Slower than the others: how long a piece of it takes, in ms. */
  readonly pieceMs = new Map<string, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async send({ input: { Key } }: { readonly input: { readonly Key: string } }) {
    this.read.push(Key);
    return { Body: this.#body(Key) };
  }

  async *#body(key: string): AsyncGenerator<Uint8Array> {
    const bytes = this.damaged.has(key) ? DAMAGED : GOOD;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#world.now += this.pieceMs.get(key) ?? PIECE_MS;
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}

let world: World;
let s3: SlowArchives;

beforeEach(() => {
  world = new World();
  s3 = new SlowArchives(world);
  world.spec = { ...spec, data, sources, verification: 'full' };
  world.sources = upload;
  world.slots = { a: 'v1', b: 'v0' };
  world.state = { version: 1, serving: onA, rollout: settling('v2', 9 * MINUTE) };
  Object.assign(world.ports.sources, { check: s3Sources(s3).check });
});

/** Passes for a message until it is done or the endpoint is updated, each within its budget; the reason of each. */
async function passes(body = JSON.stringify(reconcileRequest('Iris/Endpoint'))): Promise<string[]> {
  const reasons: string[] = [];
  for (let isLeft = true; isLeft && world.state.rollout?.phase !== 'updating' && reasons.length < 40; ) {
    const startedAt = world.now;
    isLeft = (await reconcileBatch(world.ports, [message('1', 1, body)])).length > 0;
    const longest = Math.max(PIECE_MS, ...s3.pieceMs.values());
    expect(world.now - startedAt).toBeLessThanOrEqual(PASS_BUDGET_MS + longest);
    reasons.push(world.decisions.at(-1)?.reason ?? '');
    world.now += (world.requeued.at(-1)?.[1] ?? 0) * 1000;
  }
  return reasons;
}

const times = (count: number, reason: string) => Array.from({ length: count }, () => reason);
const keys = sources.map(({ key }) => key);

describe('20 archives that take longer to check than a pass', () => {
  test('are all checked, then copied and swapped to without a warning', async () => {
    expect(await passes()).toEqual([...times(6, 'Checking'), 'NewRevision']);
    expect(s3.read.filter((key, index) => key !== s3.read[index - 1])).toEqual(keys);
    expect(world.state.rollout).toMatchObject({ phase: 'updating', revision: 'v2' });
    expect(world.state.rollout).not.toHaveProperty('warning');
    expect(world.state.checking).toBeUndefined();
    expect(world.published).toEqual(['started']);
    expect(world.state.stalled).toBeUndefined();
  });

  test('of which the last one is damaged are quarantined with the reason', async () => {
    s3.damaged.add('19.tar.gz');
    expect(await passes()).toEqual([...times(6, 'Checking'), 'Quarantined']);
    const damage = expect.stringMatching(/^s3:\/\/models\/19\.tar\.gz is damaged/);
    expect(world.state.quarantine).toMatchObject([{ revision: 'v2', message: damage }]);
    expect(world.history).toMatchObject([{ outcome: 'refused', revision: 'v2' }]);
    expect(world.calls.filter((call) => /^(update|stage)/.test(call))).toEqual([]);
  });

  test('of which one takes longer than a pass itself are published with a warning about that one', async () => {
    s3.pieceMs.set('7.tar.gz', PASS_BUDGET_MS / 5);
    expect(await passes()).toContain('Checking');
    const share = `${4 * PIECE_BYTES} of ${GOOD.length} bytes were read.`;
    expect(world.state.rollout).toMatchObject({
      phase: 'updating',
      warning: `s3://models/7.tar.gz is too large to be read completely within the function's time: ${share}`,
    });
    expect(new Set(s3.read)).toEqual(new Set(keys));
  });

  test('are checked anew when one was uploaded again meanwhile', async () => {
    await reconcileBatch(world.ports, [message('1')]);
    expect(world.state.checking?.progress.checked).toBe(3);
    world.sources = { ...upload, files: files.map((file) => ({ ...file, etag: 'other' })) };
    s3.read.length = 0;
    await reconcileBatch(world.ports, [message('1')]);
    expect(s3.read.slice(0, 3)).toEqual(keys.slice(0, 3));
  });

  test('are published as stalled once when they take longer than stalledAfter', async () => {
    world.spec = { ...world.spec!, stalledAfter: 60 };
    await passes();
    expect(world.history).toMatchObject([{ outcome: 'stalled', reason: 'Checking' }]);
    expect(world.published).toEqual(['stalled', 'started']);
  });
});

describe('a deployment whose archives take longer to check than a pass', () => {
  const gate = () =>
    JSON.stringify({
      ...reconcileRequest('Iris/Endpoint'),
      gate: {
        type: 'Create',
        responseUrl: 'https://response',
        stackId: spec.stackId,
        requestId: 'request',
        logicalResourceId: 'DeploymentGate',
        physicalResourceId: 'Iris/Endpoint',
        store: spec.store,
        sources,
        data,
        deadline: NOON + 50 * MINUTE,
      },
    });

  beforeEach(() => {
    world.spec = undefined;
    world.endpoint = 'gone';
    world.hasState = false;
    world.slots = {};
    world.stack = { kind: 'deploying', status: 'CREATE_IN_PROGRESS' };
  });

  test('loads them once all are checked', async () => {
    await passes(gate());
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(new Set(s3.read)).toEqual(new Set(keys));
    expect(world.calls.filter((call) => call.startsWith('stage'))).toEqual([
      'stage a v2 from sources',
      'stage b v2 from sources',
    ]);
    expect(world.state.checking).toBeUndefined();
  });

  test('fails with the reason when the last one is damaged', async () => {
    s3.damaged.add('19.tar.gz');
    await passes(gate());
    expect(world.responses).toMatchObject([
      {
        Status: 'FAILED',
        Reason: expect.stringMatching(/^s3:\/\/models\/19\.tar\.gz is damaged.* Then deploy again\.$/),
      },
    ]);
    expect(world.calls.filter((call) => call.startsWith('stage'))).toEqual([]);
  });
});
