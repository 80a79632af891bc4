import { describe, expect, test } from 'vitest';
import { runDemo } from '../run-demo.ts';
import { createTimeline } from '../timeline/timeline.ts';
import { trainModels } from '../train.ts';
import { createFakeRuntime, type Misbehaviour } from './fake-runtime.ts';
import { VirtualClock, whileTimePasses } from './virtual-time.ts';

async function run(misbehaviour: Misbehaviour = {}, interruptAfterMs?: number) {
  const clock = new VirtualClock();
  const { runtime, clients, ...fake } = createFakeRuntime(clock, misbehaviour);
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
      buildArtifacts: async () => ({ v1Path: 'v1', v2Path: 'v2', brokenPath: 'broken' }),
      connect: () => clients,
      patienceMs: 20_000,
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
  return { code, started: fake.isStarted(), result: lines.at(-1)!, events, failed, clock, stopped: fake.isStopped() };
}

describe('the demo', () => {
  test('ends with 0 and its result when every step held', async () => {
    const { code, result, failed, stopped, clock } = await run();
    expect(failed).toEqual([]);
    expect(code).toBe(0);
    const { invocations, seconds, ...rest } = JSON.parse(result);
    expect(rest).toEqual({
      ...{ ok: true, swaps: 2, failedInvocations: 0 },
      ...{ accuracyBefore: 0.72, accuracyAfter: 0.96, accuracyBack: 0.72 },
    });
    expect(invocations).toBeGreaterThan(500);
    expect(seconds).toBeGreaterThan(10);
    expect(Object.keys(JSON.parse(result)).join()).toBe(
      'ok,swaps,failedInvocations,invocations,accuracyBefore,accuracyAfter,accuracyBack,seconds',
    );
    expect(stopped).toBe(true);
    await clock.advance(60_000);
    expect(clock.nextAt()).toBeUndefined();
  });

  test.each([
    ['one invocation fails', { failsInvocation: 100 }, /no invocation failed/, /1 of \d+; the first: Error: Service/],
    ['the same bytes are swapped', { swapsRepeatedBytes: true }, /nothing was swapped/, /^1 updates began/],
    ['the old model answers after the swap', { forgetsV2: true }, /40 answers in a row come from v2/, /from v1/],
    ['another revision is served', { namesAnotherRevision: true }, /newest revision is served/, /done \(Serving\)/],
    ['it cannot go back', { losesV1: true }, /goes on to its end/, /Nothing that it served before/],
    ['what was left is taken again', { takesV2Again: true }, /40 answers in a row come from v1/, /from v2/],
    ['nothing is ever swapped', { sleeps: true }, /InService on its other config/, /the loop said nothing/],
    ['the deployment fails', { refusesDeployment: true }, /goes on to its end/, /ROLLBACK_COMPLETE/],
  ])('ends with 1, and says what was expected and what it got, when %s', async (_, misbehaviour, expected, got) => {
    const { code, result, failed, stopped } = await run(misbehaviour);
    expect(code).toBe(1);
    expect(failed[0].text).toMatch(expected);
    expect(failed[0].got).toMatch(got);
    expect(JSON.parse(result).ok).toBe(false);
    expect(stopped).toBe(true);
  });

  test('a failed deployment names the resource and the reason', async () => {
    const { events } = await run({ refusesDeployment: true });
    const texts = events.map(({ text }) => text);
    expect(texts).toContain('CREATE_FAILED AWS::SageMaker::Endpoint Endpoint: Could not find model data.');
  });

  test('starts no runtime any more when it is interrupted before', async () => {
    const { code, started } = await run({}, 1000);
    expect(code).toBe('enough');
    expect(started).toBe(false);
  });

  test.each([1600, 8000])('stops the runtime and says no more when it is interrupted after %i ms', async (ms) => {
    const { code, result, stopped } = await run({}, ms);
    expect(code).toBe('enough');
    expect(stopped).toBe(true);
    expect(JSON.parse(result)).toHaveProperty('event');
  });
});
