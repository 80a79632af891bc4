import type { ListedRecord } from '@freshpoint/engine/policy/history';
import { beforeEach, describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { CommandFailure } from '../src/command-failure.ts';
import { type ActionRequest, argumentsOf } from '../src/console/action.ts';
import { changesOf, endpointFeed, type Reading } from '../src/console/feed.ts';
import type { EndpointEvent, PageEvent } from '../src/console/page-data.ts';
import { slotSpans } from '../src/console/slot-spans.ts';
import { ID, R1, R2, R3, record } from './records.ts';
import { NOON, ReportedEndpoint } from './reports.ts';

const MINUTE_MS = 60_000;
const at = (minute: number) => new Date(NOON + minute * MINUTE_MS).toISOString();
const time = (minute: number) => NOON + minute * MINUTE_MS;
const configs = { a: 'config-a', b: 'config-b' };

describe('the slots over time', () => {
  const deployed = record(R1, { outcome: 'deployed', trigger: 'deployment', at: at(0), seconds: 0 });
  const swapped = record(R2, { slot: 'b', at: at(10), seconds: 120 });
  const refused = record(R3, { outcome: 'refused', at: at(20), seconds: 60 });
  const servingR2 = { configName: 'config-b', revision: R2, newestSource: 1, since: time(12) };

  test('show each fleet from its launch until the next one serves', () => {
    expect(slotSpans([refused, swapped, deployed], { version: 1, serving: servingR2 }, { configs })).toEqual([
      { slot: 'a', state: 'serving', revision: R1, from: time(0), to: time(12) },
      { slot: 'b', state: 'launching', revision: R2, from: time(10), to: time(12) },
      { slot: 'b', state: 'serving', revision: R2, from: time(12) },
      { slot: 'a', state: 'launching', revision: R3, from: time(20), to: time(21) },
      { slot: 'a', state: 'failed', revision: R3, from: time(21), to: time(21) },
    ]);
  });

  test('show the rollout that is under way', () => {
    const base = { revision: R3, trigger: 'upload', seen: time(30), since: time(30), slot: 'a' } as const;
    const update = { configName: 'config-a', newestSource: 1, endpointModified: 1, at: time(31) };
    const last = (rollout: object) => slotSpans([deployed], { version: 1, rollout } as never, { configs }).at(-1);
    expect(last({ ...base, phase: 'staging' })).toEqual({ slot: 'a', state: 'staging', revision: R3, from: time(30) });
    expect(last({ ...base, ...update, phase: 'updating' })).toMatchObject({ state: 'launching', from: time(31) });
    expect(last({ ...base, phase: 'settling' })).toMatchObject({ state: 'serving', revision: R1 });
  });

  test('show what serves where the history does not have it', () => {
    expect(slotSpans([deployed], { version: 1, serving: servingR2 }, { configs })).toEqual([
      { slot: 'a', state: 'serving', revision: R1, from: time(0), to: time(12) },
      { slot: 'b', state: 'serving', revision: R2, from: time(12) },
    ]);
    expect(slotSpans([], { version: 1 }, { configs })).toEqual([]);
  });
});

describe('one endpoint', () => {
  let endpoint: ReportedEndpoint;
  let records: ListedRecord[];
  let listings: number;
  let now: number;
  let read: () => Promise<EndpointEvent>;
  beforeEach(() => {
    endpoint = new ReportedEndpoint();
    records = [record(R1, { at: at(-70) })];
    listings = 0;
    now = NOON;
    const history = async () => {
      listings += 1;
      return records;
    };
    const context = { ...endpoint.context, account: { ...endpoint.account, history }, now: () => now };
    read = endpointFeed(context, ID).read as Reading as () => Promise<EndpointEvent>;
  });
  const fates = async () => (await read()).uploads.map(({ revision, fate }) => `${revision.slice(0, 2)} ${fate}`);

  test('lists each upload with what became of it', async () => {
    const message = 'is empty';
    records.unshift(
      record(R3, { outcome: 'refused', message, at: at(-30) }),
      record(R3, { outcome: 'refused', message, retried: true, at: at(-40) }),
      record(R2, { slot: 'b', trigger: 'pin', at: at(-50) }),
    );
    expect(await fates()).toEqual(['22 not rolled out yet', '33 refused: is empty', '11 serves from slot A']);
    const settling = { phase: 'settling', trigger: 'upload', revision: R2, seen: NOON, since: NOON } as const;
    endpoint.state = { ...endpoint.state, rollout: settling };
    expect(await fates()).toContain('22 settling: The newest source must be 600 s old.');
    endpoint.state = { ...endpoint.state, rollout: undefined, quarantine: [{ revision: R2, at: 1, message: 'bad' }] };
    expect(await fates()).toContain('22 quarantined: bad');
    endpoint.state = { ...endpoint.state, quarantine: [], pin: { revision: R1, by: 'ada', at: 1, supersedes: R2 } };
    expect(await fates()).toContain('22 rolled back to 111111111111 by ada');
  });

  test('offers the stored revisions to return to, the command’s own choice first', async () => {
    records.unshift(record(R3, { at: at(-50) }), record(R2, { at: at(-60) }));
    const serving = { ...endpoint.state.serving!, revision: R2 };
    endpoint.state = { ...endpoint.state, serving, stored: [R1, R2, R3] };
    expect((await read()).returnable).toEqual(['111111111111', '333333333333']);
    const quarantine = [{ revision: R3, at: 1, message: 'bad' }];
    endpoint.state = { ...endpoint.state, quarantine, serving: { ...serving, revision: R1 } };
    expect((await read()).returnable).toEqual(['222222222222', '333333333333']);
    endpoint.state = { ...endpoint.state, serving };
    endpoint.state = { ...endpoint.state, stored: [R2] };
    expect((await read()).returnable).toEqual([]);
  });

  test('reads the history again only while the state changes', async () => {
    await read();
    expect(listings).toBe(1);
    now += 11_000;
    await read();
    await read();
    expect(listings).toBe(1);
    endpoint.state = { ...endpoint.state, suspension: { by: 'ada', at: now } };
    await read();
    now += 5000;
    await read();
    expect(listings).toBe(3);
    now += 6000;
    await read();
    expect(listings).toBe(3);
  });
});

describe('changes', () => {
  const problem = (message: string): PageEvent => ({ kind: 'problem', message });

  /** What is sent of these readings, one after the other. */
  async function sentOf(readings: (() => PageEvent)[]): Promise<PageEvent[]> {
    const sent: PageEvent[] = [];
    const read = async () => (readings.shift() as () => PageEvent)();
    const pause = async () => {
      if (readings.length === 0) throw new Error('gone');
    };
    const changes = async () => {
      for await (const event of changesOf({ read, intervalMs: 1 }, pause)) sent.push(event);
    };
    await expect(changes()).rejects.toThrow('gone');
    return sent;
  }

  test('are sent, and nothing else', async () => {
    const [one, other] = [() => problem('one'), () => problem('other')];
    expect(await sentOf([one, one, other, one])).toEqual([problem('one'), problem('other'), problem('one')]);
  });

  test('include what cannot be read, in the words of the command', async () => {
    const denied = () => {
      throw new CommandFailure('It was denied.');
    };
    expect(await sentOf([denied, () => problem('x')])).toEqual([problem('It was denied.'), problem('x')]);
  });
});

describe('an action', () => {
  test.each<[Partial<ActionRequest>, object]>([
    [
      { command: 'rollback', revision: 'abcd' },
      { to: 'abcd', wait: false },
    ],
    [{ command: 'rollback' }, { to: undefined, wait: false }],
    [
      { command: 'suspend', reason: '--json' },
      { reason: '--json', format: 'text' },
    ],
    [{ command: 'resume' }, {}],
    [{ command: 'retry', revision: 'abcd' }, { revision: 'abcd' }],
    [{ command: 'refresh' }, { force: false }],
    [
      { command: 'refresh', force: true, reason: "it's" },
      { force: true, reason: "it's" },
    ],
    [{ command: 'redrive' }, {}],
  ])('%j is a command line', (request, parsed) => {
    const full = { endpoint: ID, ...request } as ActionRequest;
    expect(readArguments(argumentsOf(full))).toMatchObject({ command: full.command, endpoint: ID, ...parsed });
  });
});
