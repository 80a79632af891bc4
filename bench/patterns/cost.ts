import type { BundleFigures } from '../bundle/measure-bundle.ts';
import type { ApproachSummary } from './summary.ts';

/**
 * AWS list prices in dollars, us-east-1, November 2026, without the free tiers: "AWS Lambda Pricing" (Arm), "Amazon
 * SQS pricing", "Amazon EventBridge pricing" (S3 events are opt-in events, the controller's own are custom events) and
 * "Amazon S3 pricing". The spec in a standard parameter of SSM, DescribeEndpoint, UpdateEndpoint and DescribeStacks
 * cost nothing.
 */
const PRICES_DOLLARS = {
  lambdaGBSecondArm: 0.0000133334,
  lambdaRequest: 0.2e-6,
  sqsRequest: 0.4e-6,
  busEvent: 1e-6,
  /** PUT, COPY, POST or LIST. */
  s3Write: 5e-6,
  /** GET and all other. */
  s3Read: 0.4e-6,
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
/** AWS calls of a sweep that finds nothing to do. */
const CALLS_PER_SWEEP = 5;
/** Its request is sent by the rule, received and deleted. */
const SQS_REQUESTS_PER_SWEEP = 3;
/** Of the calls, GetObject of the state and HeadObject of a source. */
const S3_READS_PER_SWEEP = 2;
/** How long a call takes in the idle month's estimate, in seconds: the mean of what the runs of the patterns draw. */
const CALL_SECONDS = 0.04;

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

/**
 * What an idle refresher costs, whatever the number of its endpoints: polls of its queue; and the sweep of one
 * endpoint.
 */
export function idleDollarsPerMonth(memoryMB: number, { decided }: BundleFigures): number {
  const billedSeconds = ((decided.ours.median / 1000) * ONE_VCPU_MB) / memoryMB + CALLS_PER_SWEEP * CALL_SECONDS;
  const sweep =
    billedSeconds * (memoryMB / 1024) * PRICES_DOLLARS.lambdaGBSecondArm +
    PRICES_DOLLARS.lambdaRequest +
    SQS_REQUESTS_PER_SWEEP * PRICES_DOLLARS.sqsRequest +
    S3_READS_PER_SWEEP * PRICES_DOLLARS.s3Read +
    PRICES_DOLLARS.busEvent;
  return EMPTY_POLLS_PER_MONTH * PRICES_DOLLARS.sqsRequest + SWEEPS_PER_MONTH * sweep;
}
