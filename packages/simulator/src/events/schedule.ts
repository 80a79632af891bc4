import { AwsError } from '../core/aws-error.ts';
import type { Cancel, Clock } from '../core/clock.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The longest delay of Node's timers. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The interval of `rate(5 minutes)`, in milliseconds. Throws AwsError for other schedules; cron is not simulated. */
export function parseSchedule(expression: string): number {
  if (expression.startsWith('cron(')) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate ${expression}. Use rate(value unit).`,
      501,
    );
  }
  const [, count = '', unit = '', plural] = /^rate\((\d{1,9}) (minute|hour|day)(s)?\)$/.exec(expression) ?? [];
  const number = Number(count);
  if (number < 1 || (number === 1) !== (plural === undefined)) {
    throw new AwsError('ValidationException', 'Parameter ScheduleExpression is not valid.');
  }
  return number * (UNIT_MS[unit] ?? 0);
}

/** Runs `task` every `intervalMs`, first after one interval. Drift does not accumulate, and missed runs are skipped. */
export function every(clock: Clock, intervalMs: number, task: () => void): Cancel {
  let dueAt = clock.now() + intervalMs;
  let cancel: Cancel = () => undefined;
  const wait = () => {
    cancel = clock.schedule(Math.min(dueAt - clock.now(), MAX_TIMER_MS), () => {
      if (clock.now() >= dueAt) {
        dueAt += intervalMs * (1 + Math.floor((clock.now() - dueAt) / intervalMs));
        task();
      }
      wait();
    });
  };
  wait();
  return () => cancel();
}
