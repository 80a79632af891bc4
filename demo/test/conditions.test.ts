import { describe, expect, test } from 'vitest';
import { Conditions, WaitedInVain } from '../conditions.ts';
import { VirtualClock } from './virtual-time.ts';

function wait(when: () => string | undefined) {
  const clock = new VirtualClock();
  const conditions = new Conditions(clock);
  const asked: number[] = [];
  const until = conditions.until({
    expected: 'a word',
    when: () => {
      asked.push(clock.now());
      return when();
    },
    got: () => 'silence',
    timeoutMs: 5000,
  });
  until.catch(() => undefined);
  return { clock, conditions, until, asked };
}

describe('a wait', () => {
  test('ends as soon as the condition holds, and is not asked again', async () => {
    let word: string | undefined;
    const { clock, conditions, until, asked } = wait(() => word);
    word = 'now';
    conditions.poke();
    expect(await until).toBe('now');
    conditions.poke();
    expect(asked).toHaveLength(2);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('ends at once when the condition holds already', async () => {
    expect(await wait(() => 'already').until).toBe('already');
  });

  test('gives up in time, with what was expected and what there is', async () => {
    const { clock, until, conditions, asked } = wait(() => undefined);
    await clock.advance(5000);
    await expect(until).rejects.toThrow(new WaitedInVain('a word, within 5 s', 'silence'));
    conditions.poke();
    expect(asked).toHaveLength(1);
  });

  test('fails when the condition itself throws', async () => {
    const { until } = wait(() => {
      throw new TypeError('no');
    });
    await expect(until).rejects.toThrow(TypeError);
  });
});
