import type { Duration } from 'aws-cdk-lib';

/** The duration in whole seconds, rounded up. */
export function wholeSeconds(duration: Duration): number {
  return duration.isUnresolved() ? duration.toSeconds() : Math.ceil(duration.toSeconds({ integral: false }));
}

/** The duration in seconds. Undefined if it is absent or a token. */
export function concreteSeconds(duration: Duration | undefined): number | undefined {
  if (duration === undefined || duration.isUnresolved()) return undefined;
  return duration.toSeconds({ integral: false });
}
