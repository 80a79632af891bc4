import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { every } from '../../src/events/schedule.ts';

const day = 86_400_000;

/** Like the machine's clock, whose timers fire at once if they are longer than 2^31 - 1 milliseconds. */
function machineClock(virtual: VirtualClock): Clock {
  return {
    now: () => virtual.now(),
    schedule: (delayMs, task) => virtual.schedule(delayMs > 2 ** 31 - 1 ? 1 : delayMs, task),
  };
}

describe('every', () => {
  it('keeps intervals that are longer than the longest timer', async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const cancel = every(machineClock(clock), 30 * day, () => runs++);
    await clock.advance(30 * day - 1);
    expect(runs).toBe(0);
    await clock.advance(30 * day + 1);
    expect(runs).toBe(2);
    cancel();
    expect(clock.nextAt()).toBeUndefined();
  });

  it('runs once after a sleep of the machine, not once per missed run', async () => {
    const clock = new VirtualClock();
    let skipped = 0;
    let runs = 0;
    every({ now: () => clock.now() + skipped, schedule: (ms, task) => clock.schedule(ms, task) }, 1000, () => runs++);
    skipped = 60_500;
    await clock.advance(1000);
    expect(runs).toBe(1);
    await clock.advance(500);
    expect(runs).toBe(2);
  });
});
