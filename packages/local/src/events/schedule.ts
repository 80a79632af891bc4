import { AwsError } from '../core/aws-error.ts';
import type { Cancel, Clock } from '../core/clock.ts';

const units: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Timers of the machine can't be longer. */
const longestTimer = 2 ** 31 - 1;

/** The interval of `rate(5 minutes)`, in milliseconds. @throws AwsError for anything else; cron isn't simulated. */
export function parseSchedule(expression: string): number {
  if (expression.startsWith('cron(')) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate ${expression}. Of schedules it knows rate(value unit).`,
      501,
    );
  }
  const [, count = '', unit = '', plural] = /^rate\((\d{1,9}) (minute|hour|day)(s)?\)$/.exec(expression) ?? [];
  const number = Number(count);
  if (number < 1 || (number === 1) !== (plural === undefined)) {
    throw new AwsError('ValidationException', 'Parameter ScheduleExpression is not valid.');
  }
  return number * (units[unit] ?? 0);
}

/** Runs `task` every `intervalMs`, first after one interval. Drift doesn't add up; runs that were missed are not made up for. */
export function every(clock: Clock, intervalMs: number, task: () => void): Cancel {
  let dueAt = clock.now() + intervalMs;
  let cancel: Cancel = () => undefined;
  const wait = () => {
    cancel = clock.schedule(Math.min(dueAt - clock.now(), longestTimer), () => {
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
