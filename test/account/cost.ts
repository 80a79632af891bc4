/**
 * AWS list prices of real-time inference in dollars an hour, us-east-1, November 2026 ("Amazon SageMaker AI pricing").
 * Other regions are up to a half dearer.
 */
export const INSTANCE_DOLLARS_PER_HOUR = {
  'ml.t2.medium': 0.056,
  'ml.c5.large': 0.102,
  'ml.m5.large': 0.115,
  'ml.m5.xlarge': 0.23,
} as const;

export type InstanceType = keyof typeof INSTANCE_DOLLARS_PER_HOUR;

export const isInstanceType = (name: string): name is InstanceType => Object.hasOwn(INSTANCE_DOLLARS_PER_HOUR, name);

/** A KMS key costs a dollar a month, until its deletion is scheduled ("AWS KMS pricing"). */
const KEY_DOLLARS_PER_HOUR = 1 / 730;

/** Requests, events, logs and storage of a run: less than this ("Amazon S3 pricing" and others). */
const REQUESTS_DOLLARS = 0.05;

/** A part of the run in which instances are paid for. */
export interface FleetTime {
  readonly part: string;
  readonly instances: number;
  readonly minutes: number;
}

/** Expected times. SageMaker starts a fleet in three to five minutes; during an update the old one is paid, too. */
export const FLEET_TIMES: readonly FleetTime[] = [
  { part: 'the endpoint: one instance until its capacity is changed', instances: 1, minutes: 20 },
  { part: 'the endpoint: two instances from then on', instances: 2, minutes: 60 },
  { part: 'its new fleets, beside the old ones', instances: 2, minutes: 12 },
  { part: 'the spare endpoint', instances: 1, minutes: 60 },
  { part: 'its new fleets: six updates', instances: 1, minutes: 45 },
  { part: 'the stack whose update is rolled back', instances: 1, minutes: 40 },
  { part: 'its new fleet', instances: 1, minutes: 15 },
];

/** How long the whole run is expected to take, in minutes. */
export const EXPECTED_MINUTES = 90;

/** The most instances at one time: what the quota of the type must allow. */
export const PEAK_INSTANCES = 6;

export interface CostEstimate {
  readonly instanceHours: number;
  readonly expectedDollars: number;
  /** If all instances ran from the beginning to the deadline. */
  readonly mostDollars: number;
}

export function estimateCost(type: InstanceType, deadlineMinutes: number): CostEstimate {
  const perHour = INSTANCE_DOLLARS_PER_HOUR[type];
  const instanceHours = FLEET_TIMES.reduce((sum, { instances, minutes }) => sum + (instances * minutes) / 60, 0);
  const rest = (minutes: number) => (minutes / 60) * KEY_DOLLARS_PER_HOUR + REQUESTS_DOLLARS;
  return {
    instanceHours,
    expectedDollars: instanceHours * perHour + rest(EXPECTED_MINUTES),
    mostDollars: PEAK_INSTANCES * (deadlineMinutes / 60) * perHour + rest(deadlineMinutes),
  };
}
