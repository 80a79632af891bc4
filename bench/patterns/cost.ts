import type { BundleFigures } from '../bundle/measure-bundle.ts';
import type { IdleFigures } from './measure-idle.ts';
import type { ApproachSummary } from './summary.ts';

/**
 * AWS list prices in dollars, us-east-1, November 2026, without the free tiers: "AWS Lambda Pricing" (Arm), "Amazon
 * SQS pricing", "Amazon EventBridge pricing" (S3 events are opt-in events, the controller's own are custom events),
 * "Amazon S3 pricing" and "Amazon CloudWatch Pricing". The spec in a standard parameter of SSM, DescribeEndpoint,
 * UpdateEndpoint and DescribeStacks cost nothing.
 */
export const PRICES_DOLLARS = {
  lambdaGBSecondArm: 0.0000133334,
  lambdaRequest: 0.2e-6,
  sqsRequest: 0.4e-6,
  busEvent: 1e-6,
  /** PUT, COPY, POST or LIST. */
  s3Write: 5e-6,
  /** GET and all other. */
  s3Read: 0.4e-6,
  /** A month in which a metric has data every hour ("Amazon CloudWatch Pricing"). */
  metricMonth: 0.3,
  /** A month of an alarm, for each metric of its expression. */
  alarmMetricMonth: 0.1,
} as const;

/**
 * Memory with which AWS gives a function one vCPU, in MB; the share is proportional ("Configure Lambda function
 * memory").
 */
export const ONE_VCPU_MB = 1769;

/** Hours of a month as AWS counts them. */
const MONTH_HOURS = 730;
/** A queue's event source mapping polls with five connections, 20 s each ("Using Lambda with Amazon SQS"). */
const EMPTY_POLLS_PER_MONTH = (5 * 3600 * MONTH_HOURS) / 20;
/** The construct's default is a sweep an hour. */
const SWEEPS_PER_MONTH = MONTH_HOURS;
/** Metrics of the refresher's alarm: stalled endpoints, dead letters, the function's errors and throttles. */
const ALARM_METRICS = 4;

/** What S3 requests cost, in dollars. */
export function s3Dollars({ writes, reads }: { readonly writes: number; readonly reads: number }): number {
  return writes * PRICES_DOLLARS.s3Write + reads * PRICES_DOLLARS.s3Read;
}

/** What one pattern costs with one approach. */
export interface Cost {
  readonly gbSeconds: number;
  /** At list prices, of 1,000 swaps. */
  readonly dollarsPer1000Refreshes: number;
}

/**
 * What a pattern costs: time on the way to AWS and back as modelled (15–60 ms a call), the code's own time as measured
 * here with a whole core, stretched to the memory's share of one. The alternatives are given the same code's speed.
 */
export function costOf(summary: ApproachSummary, memoryMB: number, { warm, decided }: BundleFigures): Cost {
  const stretch = ONE_VCPU_MB / memoryMB;
  const warmSeconds = (warm.ours.median / 1000) * stretch;
  const coldSeconds = (decided.ours.median / 1000) * stretch;
  const { invocations, coldStarts, seconds } = summary;
  const billedSeconds = seconds + (invocations - coldStarts) * warmSeconds + coldStarts * coldSeconds;
  const gbSeconds = billedSeconds * (memoryMB / 1024);
  const dollars =
    gbSeconds * PRICES_DOLLARS.lambdaGBSecondArm +
    invocations * PRICES_DOLLARS.lambdaRequest +
    summary.sqsRequests * PRICES_DOLLARS.sqsRequest +
    summary.busEvents * PRICES_DOLLARS.busEvent +
    summary.s3Writes * PRICES_DOLLARS.s3Write +
    summary.s3Reads * PRICES_DOLLARS.s3Read;
  return { gbSeconds, dollarsPer1000Refreshes: (dollars / Math.max(1, summary.swaps)) * 1000 };
}

/** What the events of 1,000 swaps cost: S3's own on EventBridge, and their way through the queue. */
export function eventDollarsPer1000Refreshes({ busEvents, sqsRequests, swaps }: ApproachSummary): number {
  const dollars = busEvents * PRICES_DOLLARS.busEvent + sqsRequests * PRICES_DOLLARS.sqsRequest;
  return (dollars / Math.max(1, swaps)) * 1000;
}

/** What a month costs in which nothing happens. */
export interface IdleCost {
  /** Of the refresher, whatever the number of its endpoints: the polls of its queue, and its alarm. */
  readonly refresherDollars: number;
  /** Of each endpoint: its sweeps, each with a cold start, and the metrics that they publish. */
  readonly endpointDollars: number;
}

export function idleCostOf(idle: IdleFigures, memoryMB: number, { decided }: BundleFigures): IdleCost {
  const coldSeconds = ((decided.ours.median / 1000) * ONE_VCPU_MB) / memoryMB;
  const sweep =
    (coldSeconds + idle.seconds) * (memoryMB / 1024) * PRICES_DOLLARS.lambdaGBSecondArm +
    PRICES_DOLLARS.lambdaRequest +
    idle.sqsRequests * PRICES_DOLLARS.sqsRequest +
    s3Dollars({ writes: idle.s3Writes, reads: idle.s3Reads }) +
    PRICES_DOLLARS.busEvent;
  return {
    refresherDollars:
      EMPTY_POLLS_PER_MONTH * PRICES_DOLLARS.sqsRequest + ALARM_METRICS * PRICES_DOLLARS.alarmMetricMonth,
    endpointDollars: SWEEPS_PER_MONTH * sweep + idle.metrics * PRICES_DOLLARS.metricMonth,
  };
}
