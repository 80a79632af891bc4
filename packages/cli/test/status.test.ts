import { beforeEach, describe, expect, test } from 'vitest';
import { CommandFailure } from '../src/command-failure.ts';
import type { ExplainArguments } from '../src/endpoints/explain.ts';
import { runExplain } from '../src/endpoints/explain.ts';
import { runStatus } from '../src/endpoints/status.ts';
import { runWatch } from '../src/endpoints/watch.ts';
import { outputOf } from '../src/output.ts';
import { ID, R1, R2 } from './records.ts';
import { NOON, ReportedEndpoint } from './reports.ts';

let endpoint: ReportedEndpoint;
let lines: string[];
beforeEach(() => {
  endpoint = new ReportedEndpoint();
  lines = [];
});

const output = (columns = 100, environment: NodeJS.ProcessEnv = {}) =>
  outputOf((line) => lines.push(line), { isTTY: true, columns }, { NO_COLOR: '1', ...environment });
const status = (id?: string) =>
  runStatus({ command: 'status', endpoint: id, format: 'text' }, endpoint.context, output());
const at = NOON - 5 * 60_000;
const quarantine = [{ revision: R2, at, message: 'did not pass the ping health check' }];
const stalled = { since: at, reason: 'Retrying', message: 'no capacity', published: true } as const;
/** Not published yet. */
const failedCall = { since: at, reason: 'CallFailed', message: 's3:GetObject failed: AccessDenied. Grant this.' };
const retries = {
  ...{ revision: R2, attempts: 1, at, nextAt: NOON + 60_000, stage: 'update', fault: 'capacity', message: 'none left' },
} as const;
const settling = {
  phase: 'settling',
  trigger: 'upload',
  revision: R2,
  seen: NOON - 60_000,
  since: NOON - 60_000,
} as const;

describe('freshpoint status', () => {
  test('shows what serves, what is on its way, what it waits for, and until when', async () => {
    endpoint.state = { ...endpoint.state, rollout: settling };
    expect(await status(ID)).toBe(0);
    expect(lines).toEqual([
      'Iris/Endpoint (SageMaker endpoint iris, InService)',
      '  serves      111111111111 in slot A since 2026-11-01 11:00:00',
      '  newest      222222222222, uploaded 2026-11-01 11:58:00',
      '  rollout     222222222222 settling since 2026-11-01 11:59:00',
      '  waits       Settling until 2026-11-01 12:09:00: The newest source must be 600 s old.',
      '  times are UTC',
    ]);
  });

  test('shows suspension, pin, quarantine, stall and a move by hand, and asks for attention', async () => {
    endpoint.state = {
      ...endpoint.state,
      suspension: { by: 'ada', at, reason: 'audit' },
      pin: { revision: R1, by: 'bob', at, supersedes: R2, supersedesNewest: NOON, passedOver: true },
      quarantine,
      stalled,
    };
    endpoint.configName = 'config-b';
    expect(await status(ID)).toBe(3);
    const text = lines.join('\n').replace(/\s+/g, ' ');
    expect(text).toContain('suspended by ada since 2026-11-01 11:55:00: audit');
    expect(text).toContain('pinned to 111111111111 by bob since 2026-11-01 11:55:00.');
    expect(text).toContain('was uploaded again and passed over.');
    expect(text).toContain('quarantined 222222222222 since 2026-11-01 11:55:00: did not pass the ping health check');
    expect(text).toContain('stalled since 2026-11-01 11:55:00: Retrying: no capacity');
    expect(text).toContain('moved The endpoint was moved by hand to config-b, slot B.');
  });

  test('shows the slot data that serves, where other data stays in place', async () => {
    const serving = { configName: 'config-a', newestSource: at, since: at, slotRevision: R1 };
    endpoint.state = { ...endpoint.state, serving };
    await status(ID);
    expect(lines[1]).toBe('  serves      111111111111 in slot A since 2026-11-01 11:55:00');
  });

  test('lists all endpoints in a table', async () => {
    endpoint.state = { ...endpoint.state, stalled, suspension: { by: 'ada', at } };
    expect(await status()).toBe(3);
    expect(lines).toEqual([
      'endpoint       serves        slot  since                rollout  attention',
      'Iris/Endpoint  111111111111  A     2026-11-01 11:00:00  -        stalled: Retrying, suspended',
      'times are UTC',
    ]);
  });

  test('lists the others where the state of one cannot be read, and says so of that one', async () => {
    const { account } = endpoint;
    const unreadable = new CommandFailure('s3://data/Iris/Other/state.json: expected "version": 1.');
    Object.assign(account, {
      list: async () => [ID, 'Iris/Other'],
      read: async (id: string) =>
        id === ID ? { spec: endpoint.spec, state: endpoint.state } : Promise.reject(unreadable),
    });
    expect(await status()).toBe(3);
    expect(lines.slice(1)).toEqual([
      'Iris/Endpoint  111111111111  A     2026-11-01 11:00:00  -',
      'Iris/Other     -             -     -                    -        unreadable',
      'times are UTC',
    ]);
    await expect(status('Iris/Other')).rejects.toBe(unreadable);
    lines = [];
    expect(await runStatus({ command: 'status', format: 'json' }, endpoint.context, output())).toBe(3);
    expect(JSON.parse(lines[1] ?? '')).toEqual({
      endpoint: 'Iris/Other',
      quarantined: [],
      problem: unreadable.message,
      needsAttention: true,
    });
  });

  test('shows what it can where something may not be read', async () => {
    endpoint.denied = 'sources';
    expect(await status(ID)).toBe(0);
    expect(lines).toContain('  unreadable  sources was denied.');
    expect(lines[1]).toContain('serves      111111111111');
  });

  test('prints one JSON object per endpoint with --json', async () => {
    endpoint.state = { ...endpoint.state, quarantine };
    await runStatus({ command: 'status', format: 'json' }, endpoint.context, output());
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        endpoint: ID,
        serving: { revision: R1, slot: 'a', since: '2026-11-01T11:00:00.000Z' },
        quarantined: [{ revision: R2, at: '2026-11-01T11:55:00.000Z' }],
        needsAttention: true,
      },
    ]);
  });

  test.each<[string, number, NodeJS.ProcessEnv, boolean]>([
    ['on a terminal', 80, { NO_COLOR: undefined }, true],
    ['not with NO_COLOR', 80, {}, false],
    ['not on a dumb terminal', 80, { NO_COLOR: undefined, TERM: 'dumb' }, false],
    ['with FORCE_COLOR', 80, { FORCE_COLOR: '1' }, true],
  ])('has colours %s, and lines of its width', async (_, columns, environment, hasColors) => {
    endpoint.state = { ...endpoint.state, stalled: { ...stalled, message: 'no capacity '.repeat(30) } };
    await runStatus(
      { command: 'status', endpoint: ID, format: 'text' },
      endpoint.context,
      output(columns, environment),
    );
    expect(lines.join().includes('\x1b[')).toBe(hasColors);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours have no width
    for (const line of lines) expect(line.replace(/\x1b\[\d+m/g, '').length).toBeLessThanOrEqual(columns);
  });
});

test.each<[string, number | undefined, string | undefined, number]>([
  ['of the terminal', 80, '60', 80],
  ['COLUMNS where there is no terminal', undefined, '60', 60],
  ['unlimited in a file', undefined, undefined, Number.POSITIVE_INFINITY],
  ['unlimited where COLUMNS is no number', undefined, 'wide', Number.POSITIVE_INFINITY],
])('the width is %s', (_, columns, COLUMNS, expected) => {
  expect(outputOf(() => undefined, { columns }, { COLUMNS }).columns).toBe(expected);
});

describe('freshpoint explain', () => {
  const explain = async (format: ExplainArguments['format'] = 'json') => {
    await runExplain({ command: 'explain', endpoint: ID, format }, endpoint.context, output());
    return format === 'json' ? JSON.parse(lines.at(-1) ?? '') : undefined;
  };

  test.each<[string, () => void, string, string, string]>([
    [
      'it serves',
      () => Object.assign(endpoint, { newest: R1 }),
      'Serving',
      'serves: it is the newest upload',
      'Nothing.',
    ],
    [
      'it settles',
      () => Object.assign(endpoint.state, { rollout: settling }),
      'Settling',
      'does not serve yet. The newest source must be 600 s old. The controller continues at 2026-11-01 12:09:00.',
      'freshpoint watch Iris/Endpoint',
    ],
    [
      'it is quarantined',
      () => Object.assign(endpoint.state, { quarantine }),
      'Quarantined',
      'was quarantined on 2026-11-01 11:55:00, because it is itself at fault: did not pass the ping health check',
      'freshpoint retry Iris/Endpoint 222222222222',
    ],
    [
      'swaps are suspended',
      () => Object.assign(endpoint.state, { suspension: { by: 'ada', at, reason: 'audit' } }),
      'Suspended',
      'Suspended by ada (audit).',
      'freshpoint resume Iris/Endpoint',
    ],
    [
      'it was rolled back',
      () => Object.assign(endpoint.state, { pin: { revision: R1, by: 'ada', at, reason: 'bad', supersedes: R2 } }),
      'Serving',
      'does not serve because ada rolled Iris/Endpoint back to 111111111111 on 2026-11-01 11:55:00 (bad).',
      'freshpoint refresh Iris/Endpoint --force',
    ],
    [
      'the source is missing, and that stalls',
      () =>
        Object.assign(endpoint, {
          newest: undefined,
          state: { ...endpoint.state, stalled: { ...stalled, reason: 'SourceMissing' } },
        }),
      'SourceMissing',
      'Stalled since 2026-11-01 11:55:00. The newest upload does not serve yet. There is no object at s3://models/',
      'Upload the missing model data.',
    ],
    [
      'the endpoint failed',
      () => Object.assign(endpoint, { status: 'Failed' }),
      'EndpointFailed',
      'The endpoint is Failed: no FailureReason. Delete the endpoint and deploy the stack again.',
      'freshpoint redrive Iris/Endpoint',
    ],
    [
      'an attempt failed',
      () => Object.assign(endpoint.state, { quarantine: [{ revision: R1, at }], retries, stalled }),
      'Retrying',
      'Stalled since 2026-11-01 11:55:00. The newest upload, 222222222222 of 2026-11-01 11:58:00, does not serve yet. ',
      '`freshpoint retry Iris/Endpoint 222222222222` ends the pause.',
    ],
    [
      'a call of the controller fails, which only the controller knows',
      () => Object.assign(endpoint.state, { stalled: failedCall }),
      'CallFailed',
      'does not serve because a call has failed since 2026-11-01 11:55:00: s3:GetObject failed: AccessDenied. Grant this.',
      'Mend the cause, then run `freshpoint refresh Iris/Endpoint`.',
    ],
    [
      'the endpoint was moved by hand',
      () => Object.assign(endpoint, { configName: 'config-b' }),
      'Settling',
      'The endpoint was moved by hand to config-b, slot B. The newest upload, 222222222222',
      'freshpoint watch Iris/Endpoint',
    ],
    [
      'the state was deleted',
      () => Object.assign(endpoint.state, { lostAt: at }),
      'StateLost',
      'The controller rebuilds it',
      'Wait a few minutes.',
    ],
    [
      'the credentials may not read the sources',
      () => Object.assign(endpoint, { denied: 'sources' }),
      'Unreadable',
      'sources was denied.',
      'Use credentials that may',
    ],
  ])('says that %s, and what to do', async (...[, arrange, reason, explanation, nextStep]) => {
    arrange();
    const explained = await explain();
    expect(explained).toMatchObject({ endpoint: ID, reason });
    expect(explained.explanation).toContain(explanation);
    expect(explained.nextStep).toContain(nextStep);
  });

  test('prints a paragraph and the next step', async () => {
    endpoint.state = { ...endpoint.state, suspension: { by: 'ada', at, reason: 'audit' } };
    await explain('text');
    expect(lines).toEqual([
      'The newest upload, 222222222222 of 2026-11-01 11:58:00, does not serve yet. Suspended by ada',
      '(audit).',
      '',
      'Next: Run `freshpoint resume Iris/Endpoint`.',
    ]);
  });
});

describe('freshpoint watch', () => {
  const watch = (steps: (() => void)[]) => {
    const pause = async () => {
      const step = steps.shift();
      if (!step) throw new Error('watches without end');
      step();
    };
    return runWatch({ command: 'watch', endpoint: ID, format: 'json' }, { ...endpoint.context, pause }, output());
  };
  const change = (more: object) => () => void Object.assign(endpoint, { state: { ...endpoint.state, ...more } });
  const update = {
    ...{ ...settling, phase: 'updating', slot: 'b', configName: 'config-b', newestSource: at, at: NOON },
    ...{ endpointModified: NOON - 61 * 60_000, accepted: true },
  };

  test('prints each change once, until the newest revision serves and that is recorded', async () => {
    const serving = { configName: 'config-b', revision: R2, newestSource: at, since: NOON - 60 * 60_000 };
    const exitCode = await watch([
      change({ rollout: settling }),
      () => undefined,
      () => {
        change({ rollout: update })();
        endpoint.status = 'Updating';
      },
      () => Object.assign(endpoint, { status: 'InService', configName: 'config-b' }),
      change({ rollout: undefined, serving }),
    ]);
    expect(exitCode).toBe(0);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual([
      'waiting',
      'settling',
      'updating',
      'updating',
      'serving',
    ]);
  });

  test.each<[string, object, string]>([
    ['is quarantined', { quarantine }, 'quarantined'],
    ['stalls', { stalled, rollout: settling }, 'stalled'],
  ])('ends with exit code 3 when the newest revision %s', async (_, state, event) => {
    expect(await watch([change(state)])).toBe(3);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event });
  });

  test('is not ended by an earlier stall, whose cause may have been mended', async () => {
    endpoint.state = { ...endpoint.state, stalled, rollout: settling };
    const serving = { configName: 'config-b', revision: R2, newestSource: at, since: NOON - 60 * 60_000 };
    const served = change({ rollout: undefined, stalled: undefined, serving });
    const exitCode = await watch([
      () => undefined,
      () => {
        served();
        endpoint.configName = 'config-b';
      },
    ]);
    expect(exitCode).toBe(0);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['stalled', 'settling', 'serving']);
  });

  test('ends with exit code 3 when only a person can help, whatever stalled before', async () => {
    endpoint.state = { ...endpoint.state, stalled };
    endpoint.status = 'Failed';
    expect(await watch([])).toBe(3);
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'Retrying: no capacity',
      'EndpointFailed: The endpoint is Failed: no FailureReason. Delete the endpoint and deploy the stack again.',
    ]);
  });

  test('fails when it may not read what it watches', async () => {
    endpoint.denied = 'sources';
    await expect(watch([])).rejects.toThrow('sources was denied.');
  });
});
