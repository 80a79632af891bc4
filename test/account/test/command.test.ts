import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { refuseImitations } from '../account-session.ts';
import { readOptions, UsageError } from '../command-options.ts';
import { EXPECTED_MINUTES, estimateCost, FLEET_TIMES, PEAK_INSTANCES } from '../cost.ts';
import { EXIT_CODES, exitCodeOf, leftLines, summaryOf } from '../exit.ts';
import { planOf } from '../plan.ts';
import { Refusal } from '../refusal.ts';
import { isOfRun, runNames } from '../run-names.ts';
import { LOCAL_PACE, openClients, type Session } from '../session.ts';
import { sklearnImage } from '../sklearn-image.ts';

const NAMES = runNames('0a1b2c3d');
const REAL_KEY = 'AKIAIOSFODNN7EXAMPLE';

describe('the command line', () => {
  test('has defaults', () => {
    expect(readOptions([])).toMatchObject({
      account: false,
      yes: false,
      answers: '.freshpoint/answers',
      instanceType: 'ml.m5.large',
      deadlineMinutes: 150,
    });
  });

  test.each([
    [['--acount'], /Unknown option '--acount'/],
    [['--instance-type', 'ml.p5.48xlarge'], /price is not known here. Use one of ml\.t2\.medium/],
    [['--deadline', 'soon'], /--deadline is soon; expected minutes/],
    [['--deadline', '0'], /expected minutes/],
    [['--account', '--delete', 'all'], /expected the 8 hex digits/],
    [['--delete', '0a1b2c3d'], /needs --account/],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});

describe('an account', () => {
  test.each([
    ['the key of a local runtime', {}, { accessKeyId: 'local' }],
    ['the key of a test', {}, { accessKeyId: 'x' }],
    ['the account of a local runtime', {}, { accountId: '000000000000' }],
    ['another address', { AWS_ENDPOINT_URL: 'http://127.0.0.1:4580' }, { accessKeyId: REAL_KEY }],
    ['another address of one service', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1' }, { accessKeyId: REAL_KEY }],
  ])('is refused with %s', (_what, environment, found) => {
    expect(() => refuseImitations(environment, found)).toThrow(Refusal);
  });

  test('is taken with keys of AWS, long-lived or of a session', () => {
    refuseImitations({ AWS_REGION: 'us-east-1' }, { accessKeyId: REAL_KEY });
    refuseImitations(
      { AWS_ENDPOINT_URL: '' },
      { accessKeyId: REAL_KEY.replace('AK', 'AS'), accountId: '123456789012' },
    );
  });
});

describe('the command', () => {
  const MAIN = join(import.meta.dirname, '../main.ts');
  const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

  async function run(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const { PATH, HOME, TMPDIR } = process.env;
    const isolated = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    const env = { PATH, HOME, TMPDIR, AWS_EC2_METADATA_DISABLED: 'true', ...isolated, ...environment };
    const child = spawn(process.execPath, [...FLAGS, MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [error] = await Promise.all([text(child.stderr), text(child.stdout), once(child, 'close')]);
    return [child.exitCode, error];
  }

  const region = { AWS_REGION: 'us-east-1' };
  const local = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const real = { AWS_ACCESS_KEY_ID: REAL_KEY, AWS_SECRET_ACCESS_KEY: 'x' };
  test.concurrent.each([
    ['an unknown option', ['--acount'], {}, [2, "Unknown option '--acount'"]],
    ['no region', ['--account'], real, [3, 'Set AWS_REGION']],
    ['no credentials', ['--account'], region, [3, 'No AWS credentials were found']],
    ['the credentials of a local runtime', ['--account'], { ...region, ...local }, [3, 'those of a local runtime']],
    ['a region without the image', ['--account'], { ...real, AWS_REGION: 'mars-north-1' }, [3, 'in mars-north-1']],
    [
      'the address of a local runtime',
      ['--account', '--yes'],
      { ...region, ...real, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      [3, 'AWS_ENDPOINT_URL leads to another address'],
    ],
  ])('refuses %s in plain words', async (_what, args, environment, expected) => {
    const [exitCode, error] = await run(args, environment);
    const [expectedCode, message] = expected;
    expect([exitCode, error]).toEqual([expectedCode, expect.stringContaining(String(message))]);
    expect(error).not.toMatch(/^\s+at /m);
  });
});

describe('names', () => {
  test('of a run are its prefix, or begin with it and a dash', () => {
    for (const name of [NAMES.stack, NAMES.spare, NAMES.packageGroup]) expect(isOfRun(NAMES, name)).toBe(true);
  });

  test.each(['freshpoint-e2e', 'freshpoint-e2e-0a1b2c3', 'freshpoint-e2e-0a1b2c3dd', 'iris', '', undefined])(
    '%s is of something else',
    (name) => expect(isOfRun(NAMES, name)).toBe(false),
  );

  test('are taken by SageMaker, which allows 63 characters, and leave CloudFormation room for its own', () => {
    expect(`${NAMES.rollbackStack}-broken`.length).toBeLessThanOrEqual(63);
    // In physical names CloudFormation keeps 24 characters of the stack's.
    expect(NAMES.stack.length).toBeLessThanOrEqual(24);
  });
});

describe('the cost', () => {
  test('is that of the instances for the expected minutes', () => {
    const { instanceHours, expectedDollars, mostDollars } = estimateCost('ml.m5.large', 150);
    const minutes = FLEET_TIMES.reduce((sum, part) => sum + part.instances * part.minutes, 0);
    expect(instanceHours).toBeCloseTo(minutes / 60);
    expect(expectedDollars).toBeCloseTo((minutes / 60) * 0.115 + 0.05, 1);
    expect(mostDollars).toBeGreaterThan(expectedDollars);
    expect(mostDollars).toBeCloseTo(PEAK_INSTANCES * 2.5 * 0.115 + 0.05, 1);
    for (const part of FLEET_TIMES) expect(part.minutes).toBeLessThanOrEqual(EXPECTED_MINUTES);
  });

  test('and what is made are shown first', () => {
    const clients = openClients({ region: 'us-east-1' });
    const session: Session = {
      kind: 'account',
      accountId: '123456789012',
      region: 'us-east-1',
      clients,
      environment: {},
      pace: LOCAL_PACE,
      close: async () => undefined,
    };
    const plan = planOf(session, NAMES, { type: 'ml.t2.medium', deadlineMinutes: 60 }).join('\n');
    expect(plan).toMatch(/^Account 123456789012, region us-east-1/);
    for (const name of [NAMES.stack, NAMES.rollbackStack, NAMES.spare]) expect(plan).toContain(name);
    expect(plan).toMatch(/\d\.\d instance hours: about \$\d\.\d\d in us-east-1/);
    expect(plan).toMatch(/at most \$\d\.\d\d, if all run to the deadline of 60 minutes/);
  });
});

test('the image is of the region, or unknown', () => {
  expect(sklearnImage('eu-central-1')).toBe(
    '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3',
  );
  expect(sklearnImage('mars-north-1')).toBeUndefined();
  expect(sklearnImage('cn-north-1')).toBeUndefined();
});

describe('the end', () => {
  const never = new AbortController().signal;
  const interrupted = AbortSignal.abort();
  const answered = { kind: 'answer', answer: { verdict: 'holds', answer: 'Yes.', evidence: [] } } as const;
  const end = (more: object = {}) => ({ checks: [], outcomes: new Map([['a', answered]]), left: [], ...more });
  const outcome = (kind: string) => end({ outcomes: new Map([['a', { kind, message: '' }]]) });
  const unexpected = { expected: 'v2', got: 'v1', passed: false };

  test.each([
    ['success', end(), never],
    ['success', outcome('not simulated'), never],
    ['success', outcome('not asked'), never],
    ['failed', outcome('failed'), never],
    ['failed', outcome('not reached'), never],
    ['failed', end({ checks: [unexpected] }), never],
    ['failed', end({ error: new Error('no') }), never],
    ['interrupted', end({ error: new Error('no') }), interrupted],
    ['left', end({ left: ['a bucket'], error: new Error('no') }), interrupted],
  ] as const)('is %s', (code, found, signal) => {
    expect(exitCodeOf(found, signal)).toBe(EXIT_CODES[code]);
  });

  test('says what was found, what is left and how to delete it', () => {
    const found = end({ checks: [unexpected], error: new Error('It was interrupted.') });
    expect(summaryOf(found).join('\n')).toContain('0 of 1 checks passed, then: It was interrupted.');
    expect(summaryOf(found)).toContain('The probes: 1 answered');
    expect(leftLines(['the buckets: denied'], NAMES)).toEqual([
      'Not deleted: the buckets: denied',
      'This may cost money. Try again: npm run e2e -- --account --delete 0a1b2c3d',
    ]);
    expect(leftLines([], NAMES)).toEqual(['Everything that was made is deleted.']);
  });
});
