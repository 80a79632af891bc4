import type { Random } from '../random.ts';

/** How fast the services are. */
export const LATENCY_PROFILES = ['quick', 'typical', 'slow'] as const;

export type LatencyProfile = (typeof LATENCY_PROFILES)[number];

/** Shortest and longest time, in ms. */
type Range = readonly [number, number];

interface Latencies {
  /** By `<service>:<operation>`, else by service. */
  readonly calls: Readonly<Record<string, Range>>;
  /** Every other call. */
  readonly others: Range;
  /** Within S3. */
  readonly copiedMegabytesPerSecond: number;
  readonly msPerListedPage: number;
  /** CloudFormation's time for one resource, besides the calls. */
  readonly resource: Range;
}

/** `typical` is an ordinary day, `slow` an incident; in `quick` only the order of events matters. */
const LATENCIES: Readonly<Record<LatencyProfile, Latencies>> = {
  quick: {
    calls: {},
    others: [4, 80],
    copiedMegabytesPerSecond: 2000,
    msPerListedPage: 20,
    resource: [0, 0],
  },
  typical: {
    calls: {
      s3: [20, 300],
      sagemaker: [50, 600],
      'sagemaker:UpdateEndpoint': [300, 2000],
      'sagemaker:InvokeEndpoint': [100, 4000],
      cloudformation: [100, 700],
    },
    others: [10, 200],
    copiedMegabytesPerSecond: 150,
    msPerListedPage: 120,
    resource: [500, 4000],
  },
  slow: {
    calls: {
      s3: [200, 1500],
      ssm: [200, 1500],
      sagemaker: [500, 3000],
      'sagemaker:UpdateEndpoint': [1000, 6000],
      'sagemaker:InvokeEndpoint': [1000, 9000],
      cloudformation: [500, 3000],
    },
    others: [100, 1000],
    copiedMegabytesPerSecond: 40,
    msPerListedPage: 300,
    resource: [3000, 20_000],
  },
};

/** What a pass may take, in ms, besides the pauses between passes. */
const PASS_MS: Readonly<Record<LatencyProfile, number>> = { quick: 5000, typical: 20_000, slow: 60_000 };

/** A seed's model data and services: what calls take follows from both. */
export interface LatencySettings {
  readonly profile: LatencyProfile;
  /** Size of each model, in MB: the simulated bytes are fewer. */
  readonly modelMegabytes: number;
  /** Pages of 1000 objects that a listing of a prefix has. */
  readonly listedPages: number;
}

/** How long a request takes to its effect, and the reply from there, in ms. */
export interface CallTimes {
  readonly requestMs: number;
  readonly replyMs: number;
}

/** Draws the settings of one seed. */
export function drawLatency(random: Random): LatencySettings {
  return {
    profile: random.pick(LATENCY_PROFILES),
    modelMegabytes: random.pick([1, 20, 100, 500]),
    listedPages: random.pick([1, 1, 10, 40]),
  };
}

/** How long one call takes. */
export function drawCallTimes(
  random: Random,
  { profile, modelMegabytes, listedPages }: LatencySettings,
  { service, operation }: { readonly service: string; readonly operation: string },
): CallTimes {
  const { calls, others, copiedMegabytesPerSecond, msPerListedPage } = LATENCIES[profile];
  const ms = random.int(...(calls[`${service}:${operation}`] ?? calls[service] ?? others));
  const requestMs = random.int(0, ms);
  const replyMs = ms - requestMs;
  if (operation === 'CopyObject') {
    return { requestMs: requestMs + Math.round((modelMegabytes / copiedMegabytesPerSecond) * 1000), replyMs };
  }
  if (operation === 'ListObjectsV2') return { requestMs, replyMs: replyMs + listedPages * msPerListedPage };
  return { requestMs, replyMs };
}

/** How long CloudFormation works on one resource, in ms. */
export function drawResourceMs(random: Random, { profile }: LatencySettings): number {
  return random.int(...LATENCIES[profile].resource);
}

/** The longest time of one pass, in ms. */
export function longestPassMs({ profile }: LatencySettings): number {
  return PASS_MS[profile];
}
