import { describe, expect, test } from 'vitest';
import { BROKEN, type StepsOptions } from '../demo-steps.ts';
import { runDemo } from '../run-demo.ts';
import { createTimeline } from '../timeline/timeline.ts';
import { trainModels } from '../train.ts';
import { CONSOLE_URL, FakeRuntime, type Misbehaviour } from './fake-runtime.ts';
import { VirtualClock, whileTimePasses } from './virtual-time.ts';

async function run(misbehaviour: Misbehaviour = {}, interruptAfterMs?: number, more: Partial<StepsOptions> = {}) {
  const clock = new VirtualClock();
  const runtime = new FakeRuntime(clock, misbehaviour);
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(...text.trimEnd().split('\n')) };
  const interrupt = new AbortController();
  if (interruptAfterMs !== undefined) clock.schedule(interruptAfterMs, () => interrupt.abort(new Error('enough')));
  const work = runDemo(
    {
      runtime,
      timeline: createTimeline({ mode: 'json', stream, clock }),
      clock,
      train: trainModels,
      buildArtifacts: async () => ({ v1Path: 'v1', v2Path: 'v2', brokenPath: BROKEN }),
      connect: () => runtime.clients,
      patienceMs: 20_000,
      ...more,
    },
    interrupt.signal,
  );
  const code = await whileTimePasses(
    clock,
    work.catch((error: Error) => error.message),
  );
  const events = lines.map((line) => JSON.parse(line));
  const failed = events.filter((event) => event.event && event.ok === false);
  await clock.advance(10_000);
  return { code, result: lines.at(-1) ?? '', events, failed, clock, runtime };
}

describe('the demo', () => {
  test('ends with 0 and its result if every check passes', async () => {
    const { code, result, failed, runtime, clock } = await run();
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    const { invocations, seconds, ...rest } = JSON.parse(result);
    expect(rest).toEqual({
      ...{ ok: true, swaps: 2, failedInvocations: 0 },
      ...{ accuracyBefore: 0.72, accuracyAfter: 0.96, accuracyAfterRollback: 0.72 },
    });
    expect(invocations).toBeGreaterThan(500);
    expect(seconds).toBeGreaterThan(10);
    expect(Object.keys(JSON.parse(result)).join()).toBe(
      'ok,swaps,failedInvocations,invocations,accuracyBefore,accuracyAfter,accuracyAfterRollback,seconds',
    );
    expect(runtime.isStopped).toBe(true);
    await clock.advance(60_000);
    expect(clock.nextAt()).toBeUndefined();
  });

  test.each([
    [
      'one invocation fails',
      { failsInvocation: 100 },
      /no invocation has failed/,
      /1 of \d+; the first: Error: Service/,
    ],
    ['the endpoint is updated for the same bytes', { swapsRepeatedBytes: true }, /was not updated/, /^1 updates$/],
    ['the old model answers after the swap', { forgetsV2: true }, /40 consecutive answers come from v2/, /from v1/],
    ['another revision is served', { namesAnotherRevision: true }, /newest revision is served/, /done \(Serving\)/],
    ['the rollback fails', { losesV1: true }, /the run completes/, /No earlier revision/],
    [
      'v2 is served again after the rollback',
      { servesV2Again: true },
      /40 consecutive answers come from v1/,
      /from v2/,
    ],
    ['the controller never swaps', { sleeps: true }, /InService on its other config/, /the controller logged nothing/],
    ['the deployment fails', { failsDeployment: true }, /the run completes/, /ROLLBACK_COMPLETE/],
  ])('ends with 1, with the expected and the actual state, if %s', async (_, misbehaviour, expected, got) => {
    const { code, result, failed, runtime } = await run(misbehaviour);
    expect(code).toBe(1);
    expect(failed[0].text).toMatch(expected);
    expect(failed[0].got).toMatch(got);
    expect(JSON.parse(result).ok).toBe(false);
    expect(runtime.isStopped).toBe(true);
  });

  test('shows the resource and the reason of a failed deployment', async () => {
    const { events } = await run({ failsDeployment: true });
    const texts = events.map(({ text }) => text);
    expect(texts).toContain('CREATE_FAILED AWS::SageMaker::Endpoint Endpoint: Could not find model data.');
  });

  test('with the console, stays after the last step until it is interrupted, and then ends with its result', async () => {
    const { code, result, events, failed, runtime } = await run({}, 300_000, { console: true });
    expect(failed).toEqual([]);
    expect(events.filter(({ text }) => text?.includes(CONSOLE_URL))).toHaveLength(2);
    expect(code).toBe(0);
    expect(JSON.parse(result)).toMatchObject({ ok: true });
    expect(JSON.parse(result).seconds).toBeGreaterThanOrEqual(300);
    expect(runtime.isStopped).toBe(true);
  });

  test('starts no runtime after an interruption', async () => {
    const { code, runtime } = await run({}, 1000);
    expect(code).toBe('enough');
    expect(runtime.isStarted).toBe(false);
  });

  test.each([1600, 8000])('stops the runtime and prints no more when it is interrupted after %i ms', async (ms) => {
    const { code, result, runtime } = await run({}, ms);
    expect(code).toBe('enough');
    expect(runtime.isStopped).toBe(true);
    expect(JSON.parse(result)).toHaveProperty('event');
  });
});
