import { expect, test } from 'vitest';
import { answersFile, answersPage, type Findings } from '../answers.ts';
import { askAll, type Outcomes, type ProbeOutcome, unasked } from '../ask-all.ts';
import { judgeTraffic } from '../path.ts';
import type { AskedProbe, Probe, ProbeContext } from '../probes/probe.ts';
import { endOf } from '../probes/refused-call.ts';

const date = new Date('2026-11-26T12:00:00Z');
const outcomes = (entries: Record<string, ProbeOutcome>): Outcomes => new Map(Object.entries(entries));
const findings = (more: Partial<Findings> = {}): Findings => ({
  kind: 'account',
  region: 'eu-west-1',
  accountId: '123456789012',
  date,
  instanceType: 'ml.m5.large',
  image: 'i',
  checks: [{ expected: 'v2 is served', got: 'v1 answers', passed: false }],
  lines: [{ id: 'a', claim: 'it is so' }],
  outcomes: outcomes({}),
  ...more,
});
const answer = {
  verdict: 'holds',
  answer: 'It is. Quite.',
  evidence: ['arn:aws:sagemaker:x:123456789012:y\nz'],
} as const;

test('the file is named by date and region, not by the account', () => {
  expect(answersFile(findings())).toBe('answers-2026-11-26-eu-west-1.md');
});

test('the page has the claim, the answer and what was got, without the id of the account', () => {
  const page = answersPage(findings({ outcomes: outcomes({ a: { kind: 'answer', answer } }) }));
  expect(page).toContain('### a\n\n> it is so\n\n**holds.** It is. Quite.\n\n- arn:aws:sagemaker:x:<account>:y z\n');
  expect(page).toContain('Of a real AWS account.');
  expect(page).toContain('- **no**: v2 is served: v1 answers');
  expect(page).not.toContain('123456789012');
});

test('answers of the local runtime are marked', () => {
  const page = answersPage(findings({ kind: 'local runtime', outcomes: outcomes({ a: { kind: 'answer', answer } }) }));
  expect(page).toContain('**holds (local runtime).** It is. Quite.');
  expect(page).toContain('nothing about AWS');
});

test('what has no answer says why', () => {
  const page = (outcome: ProbeOutcome) => answersPage(findings({ outcomes: outcomes({ a: outcome }) }));
  expect(page({ kind: 'not asked', whyNot: 'Too slow.', byHand: 'Wait.' })).toContain(
    '**not asked.** Too slow. By hand: Wait.',
  );
  expect(page({ kind: 'not simulated', message: 'No sts.' })).toContain('**not simulated.** No sts.');
  expect(page({ kind: 'failed', message: 'It broke.' })).toContain('**failed.** It broke.');
  expect(page({ kind: 'not reached' })).toContain('**not reached.**');
  expect(answersPage(findings({ checks: [] }))).toContain('It did not end.');
});

const context = (signal: AbortSignal) => ({ signal, print: () => undefined }) as unknown as ProbeContext;
const named = (name: string) => Object.assign(new Error(`${name}!`), { name });
const probe = (id: string, ask: () => Promise<typeof answer>): AskedProbe => ({ id, lane: 'spare', ask });

test('a probe that fails does not keep the others from being asked', async () => {
  const probes: Probe[] = [
    probe('broken', () => Promise.reject(named('TypeError'))),
    probe('missing', () => Promise.reject(named('NotImplemented'))),
    probe('fine', async () => answer),
    { id: 'never', whyNot: 'w', byHand: 'b' },
  ];
  const found = unasked(probes);
  await askAll(probes, context(new AbortController().signal), found);
  expect(Object.fromEntries([...found].map(([id, { kind }]) => [id, kind]))).toEqual({
    broken: 'failed',
    missing: 'not simulated',
    fine: 'answer',
    never: 'not asked',
  });
});

test('an interruption leaves what was not asked', async () => {
  const ended = new AbortController();
  const probes: Probe[] = [
    probe('first', async () => answer),
    probe('second', async () => {
      ended.abort();
      throw new Error('aborted');
    }),
    probe('third', async () => answer),
  ];
  const found = unasked(probes);
  await askAll(probes, context(ended.signal), found);
  expect([...found.values()].map(({ kind }) => kind)).toEqual(['answer', 'not reached', 'not reached']);
});

test('a refused call is an end, and no connection is an error', async () => {
  const refused = Object.assign(named('ValidationException'), { $metadata: { httpStatusCode: 400 } });
  expect(await endOf(Promise.reject(refused))).toEqual({
    accepted: false,
    name: 'ValidationException',
    status: 400,
    message: 'ValidationException!',
  });
  expect(await endOf(Promise.resolve(1))).toMatchObject({ accepted: true });
  await expect(endOf(Promise.reject(named('ECONNREFUSED')))).rejects.toThrow('ECONNREFUSED');
  const missing = Object.assign(named('NotImplemented'), { $metadata: { httpStatusCode: 501 } });
  await expect(endOf(Promise.reject(missing))).rejects.toThrow('NotImplemented');
});

test('traffic fails with one failure, and with an old answer at the end', () => {
  const passes = (log: Parameters<typeof judgeTraffic>[0]) => judgeTraffic(log).map(({ passed }) => passed);
  expect(passes({ answers: 9, failures: [], order: ['v1', 'v2'] })).toEqual([true, true]);
  expect(passes({ answers: 9, failures: [], order: ['v1', 'v2', 'v1', 'v2'] })).toEqual([true, true]);
  expect(passes({ answers: 9, failures: ['503'], order: ['v1', 'v2'] })).toEqual([false, true]);
  expect(passes({ answers: 9, failures: [], order: ['v1', 'v2', 'v1'] })).toEqual([true, false]);
  expect(passes({ answers: 9, failures: [], order: ['v1', 'v0', 'v2'] })).toEqual([true, false]);
  expect(passes({ answers: 9, failures: [], order: ['v2'] })).toEqual([true, false]);
});
