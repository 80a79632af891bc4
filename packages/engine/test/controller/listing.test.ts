import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ReconcileRequest } from '@freshpoint/cdk/contract';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../src/adapters/client.ts';
import { s3Sources } from '../../src/adapters/s3-sources.ts';
import { reconcileBatch } from '../../src/controller/batch.ts';
import { PASS_BUDGET_MS } from '../../src/controller/budget.ts';
import type { EndpointState } from '../../src/policy/state.ts';
import { endpoint, MINUTE, NOON, onA, spec } from '../policy/situations.ts';
import { message, World } from './fakes.ts';

const PAGES = 300;
/** How long S3 takes for a page of a thousand keys, in ms. */
const PAGE_MS = 150;
const UPLOADED_AT = NOON - 120 * MINUTE;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A prefix with 300 pages of objects, of which none exists before it is listed. */
class HugePrefix implements Client {
  pages = 0;
  /** Called with the number of the page, from 1. */
  onPage: (page: number) => void = () => undefined;
  /** Objects that were uploaded anew, by number: their time, epoch ms. */
  readonly uploaded = new Map<number, number>();
  readonly #world: World;
  readonly #pageObjects: number;

  constructor(world: World, pageObjects: number) {
    this.#world = world;
    this.#pageObjects = pageObjects;
  }

  async send(command: { readonly input: { StartAfter?: string } }) {
    const { StartAfter } = command.input;
    const from = StartAfter === undefined ? 0 : Number(StartAfter.slice(2)) + 1;
    this.#world.now += PAGE_MS;
    this.pages += 1;
    this.onPage(from / this.#pageObjects + 1);
    const Contents = Array.from({ length: this.#pageObjects }, (_, index) => this.#object(from + index));
    return { Contents, IsTruncated: from + this.#pageObjects < PAGES * this.#pageObjects };
  }

  #object(number: number) {
    const at = this.uploaded.get(number);
    return {
      Key: `p/${String(number).padStart(8, '0')}`,
      ETag: `"${number}${at === undefined ? '' : '-again'}"`,
      Size: 10,
      LastModified: new Date(at ?? UPLOADED_AT),
    };
  }
}

let world: World;
let s3: HugePrefix;

beforeEach(() => begin(10));

function begin(pageObjects: number): void {
  world = new World();
  s3 = new HugePrefix(world, pageObjects);
  world.spec = { ...spec, sources: [{ bucket: 'models', prefix: 'p/' }] };
  world.state = { version: 1, serving: onA };
  Object.assign(world.ports.sources, s3Sources(s3));
}

/** Passes for the messages until none stays; the reason of each pass. */
async function passes(ids: readonly string[], until = 20): Promise<string[]> {
  const reasons: string[] = [];
  let left: readonly string[] = ids;
  while (left.length > 0 && reasons.length < until) {
    const startedAt = world.now;
    left = await reconcileBatch(
      world.ports,
      left.map((id) => message(id)),
    );
    expect(world.now - startedAt).toBeLessThanOrEqual(PASS_BUDGET_MS + PAGE_MS);
    reasons.push(world.decisions.at(-1)?.reason ?? '');
    world.now += (world.requeued.at(-1)?.[1] ?? 0) * 1000;
  }
  return reasons;
}

async function listedState(): Promise<EndpointState> {
  world.state = { version: 1, serving: onA };
  await passes(['first'], 2);
  return world.state;
}

describe('a prefix with 300,000 objects', () => {
  beforeEach(() => begin(1000));

  test('is listed in as many passes as its budget needs, and settles and swaps as any other', async () => {
    const sizes: number[] = [];
    const write = world.ports.states.write;
    Object.assign(world.ports.states, {
      write: (...[store, state, after]: Parameters<typeof write>) => {
        sizes.push(JSON.stringify(state).length);
        return write(store, state, after);
      },
    });
    const reasons = await passes(['m'], 4);
    expect(reasons).toEqual(['Listing', 'Settling', 'Listing', 'NewRevision']);
    expect(s3.pages).toBe(2 * PAGES);
    expect(world.calls.filter((call) => call.startsWith('update'))).toEqual(['update config-b']);
    expect(world.state.rollout).toMatchObject({ phase: 'updating', size: 10 * 300_000 });
    expect(world.state.listing).toBeUndefined();
    expect(Math.max(...sizes)).toBeLessThan(2000);
  });

  test('is listed in constant memory', async () => {
    const heaps: number[] = [];
    s3.onPage = (page) => {
      if (page % 100 !== 20) return;
      collectGarbage();
      heaps.push(process.memoryUsage().heapUsed);
    };
    await passes(['m'], 2);
    // A hundred pages of objects take more than 20 MB.
    expect(Math.max(...heaps) - Math.min(...heaps)).toBeLessThan(5 * 1024 ** 2);
    expect(heaps).toHaveLength(3);
  });
});

describe('an upload during a listing of several passes', () => {
  test('is found, although it is behind what was listed and the revision is served', async () => {
    world.state = { version: 1, serving: { ...onA, revision: await revisionOfAll() } };
    const [first] = await passes(['m'], 1);
    s3.uploaded.set(5, world.now);
    const reasons = await passes(['m', 'event'], 3);
    expect([first, ...reasons]).toEqual(['Listing', 'Listing', 'Listing', 'Settling']);
  });

  test('is not waited for when only the request of the listing is there', async () => {
    world.state = { version: 1, serving: { ...onA, revision: await revisionOfAll() } };
    expect(await passes(['m', 'n'])).toEqual(['Listing', 'Serving']);
    expect(world.state).toEqual({ version: 1, serving: { ...onA, revision: await revisionOfAll() } });
  });

  test('does not settle before the wait is over when a listing begins', async () => {
    const { rollout } = await listedState();
    const seen = rollout?.seen ?? 0;
    // A pass for another event begins to list within the wait, and ends after it.
    world.now = seen + 50_000;
    const reasons = await passes(['event'], 2);
    expect(world.now - seen).toBeGreaterThan(60_000);
    expect(reasons).toEqual(['Listing', 'Settling']);
  });
});

describe('a listing', () => {
  test('has the revision that one pass would find', async () => {
    const { rollout } = await listedState();
    expect(rollout?.revision).toBe(await revisionOfAll());
  });

  test('begins anew when the endpoint was updated since', async () => {
    await passes(['m'], 1);
    const { listing } = world.state;
    world.endpoint = { ...endpoint, lastModified: world.now };
    s3.pages = 0;
    await passes(['m'], 1);
    expect(world.state.listing?.since).toBeGreaterThan(listing?.since ?? 0);
    expect(world.state.listing?.progress.objects).toBe(s3.pages * 10);
  });

  test('that takes longer than stalledAfter is published as stalled, and again when it ends', async () => {
    world.spec = { ...spec, stalledAfter: 120, sources: [{ bucket: 'models', prefix: 'p/' }] };
    s3.onPage = () => {
      world.now += PASS_BUDGET_MS;
    };
    const { requeued } = world;
    for (let pass = 1; pass <= 6; pass++) await reconcileBatch(world.ports, [message('m')]);
    expect(requeued.at(-1)?.[1]).toBe(1);
    expect(world.published).toEqual(['stalled']);
    expect(world.state.stalled).toMatchObject({ reason: 'Listing', published: true });
    s3.onPage = () => undefined;
    world.state = { ...world.state, serving: { ...onA, revision: await revisionOfAll() } };
    await passes(['m']);
    expect(world.published).toEqual(['stalled', 'recovered']);
  });

  test('whose pages fail is published as stalled, and leads to no swap', async () => {
    await passes(['m'], 1);
    const { listing } = world.state;
    s3.onPage = () => {
      throw Object.assign(new Error('Please reduce your request rate.'), { name: 'SlowDown' });
    };
    for (let pass = 1; pass <= 40; pass++) {
      await reconcileBatch(world.ports, [message('m')]);
      world.now += MINUTE;
    }
    expect(world.published).toEqual(['stalled']);
    expect(world.state.stalled).toMatchObject({ reason: 'CallFailed', published: true });
    expect(world.state.listing).toEqual(listing);
    expect(world.calls.filter((call) => call.startsWith('update'))).toEqual([]);
  });
});

describe('with a listing of several passes', () => {
  const stackId = 'stack';
  const gate = (type: 'Create' | 'Update'): ReconcileRequest => ({
    version: 1,
    endpoint: 'Iris/Endpoint',
    gate: {
      responseUrl: 'https://response',
      stackId,
      requestId: 'request',
      logicalResourceId: 'DeploymentGate',
      physicalResourceId: 'Iris/Endpoint',
      store: spec.store,
      sources: [{ bucket: 'models', prefix: 'p/' }],
      deadline: NOON + 55 * MINUTE,
      type,
    },
  });
  const receive = (request: ReconcileRequest) =>
    reconcileBatch(world.ports, [message('gate', 1, JSON.stringify(request))]);

  test.each([
    ['of an endpoint that exists', 'Update'],
    ['of a new endpoint', 'Create'],
  ] as const)('a deployment %s waits until it is known what it will load', async (_, type) => {
    world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
    if (type === 'Create') Object.assign(world, { spec: undefined, endpoint: 'gone', hasState: false });
    expect(await receive(gate(type))).toEqual(['gate']);
    expect(world.responses).toEqual([]);
    expect(await receive(gate(type))).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.state.deployment).toMatchObject({ revision: await revisionOfAll(), newestSource: UPLOADED_AT });
    expect(world.state.listing).toBeUndefined();
    expect(s3.pages).toBe(PAGES);
  });

  test('a deployment of an endpoint that was deleted meanwhile proceeds, and no state is written', async () => {
    world.stack = { kind: 'deploying', status: 'UPDATE_IN_PROGRESS' };
    Object.assign(world, { spec: undefined, endpoint: 'gone', hasState: false });
    expect(await receive(gate('Update'))).toEqual([]);
    expect(world.responses).toEqual([{ Status: 'SUCCESS' }]);
    expect(world.hasState).toBe(false);
  });

  test('a lost state is rebuilt', async () => {
    world.hasState = false;
    const reasons = await passes(['m'], 3);
    expect(reasons).toEqual(['StateLost', 'Listing', 'Listing']);
    expect(world.decisions.map(({ reason }) => reason)).toContain('StateRebuilt');
    expect(world.state.lostAt).toBeUndefined();
  });
});

/** The revision of all objects, listed at once. */
async function revisionOfAll(): Promise<string> {
  const sources = [{ bucket: 'models', prefix: 'p/' }];
  const view = await s3Sources(new HugePrefix(new World(), 10)).observe(sources, { isTimeUp: () => false });
  if (view.kind !== 'complete') throw new Error(`expected all objects, got ${view.kind}`);
  return view.revision;
}
