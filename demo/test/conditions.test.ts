import { describe, expect, test } from 'vitest';
import { Conditions, ExpectationError } from '../conditions.ts';
import { VirtualClock } from './virtual-time.ts';

function wait(when: () => string | undefined) {
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const evaluations: number[] = [];
  const until = conditions.until({
    expected: 'a word',
    when: () => {
      evaluations.push(clock.now());
      return when();
    },
    got: () => 'silence',
    timeoutMs: 5000,
  });
  until.catch(() => undefined);
  return { clock, conditions, until, evaluations };
}

describe('a wait', () => {
  test('ends as soon as the condition holds, and is not evaluated again', async () => {
    let word: string | undefined;
    const { clock, conditions, until, evaluations } = wait(() => word);
    word = 'now';
    conditions.poke();
    expect(await until).toBe('now');
    conditions.poke();
    expect(evaluations).toHaveLength(2);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('ends at once if the condition already holds', async () => {
    expect(await wait(() => 'already').until).toBe('already');
  });

  test('ends after its time limit, with the expectation and the actual state', async () => {
    const { clock, until, conditions, evaluations } = wait(() => undefined);
    await clock.advance(5000);
    await expect(until).rejects.toThrow(new ExpectationError('a word, within 5 s', 'silence'));
    conditions.poke();
    expect(evaluations).toHaveLength(1);
  });

  test('fails if the condition throws', async () => {
    const { until } = wait(() => {
      throw new TypeError('no');
    });
    await expect(until).rejects.toThrow(TypeError);
  });
});
