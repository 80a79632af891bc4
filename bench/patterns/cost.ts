import type { BundleFigures } from '../bundle/measure-bundle.ts';
import type { ApproachSummary } from './summary.ts';

/**
 * List prices in dollars, us-east-1, November 2026, without the free tiers. From AWS's pages "AWS Lambda Pricing", "Amazon SQS
 * pricing", "Amazon EventBridge pricing" (S3 events are opt-in events, the loop's own are custom events) and "Amazon S3
 * pricing"; Lambda's were compared with a stored copy of its page, the others are as remembered. Standard parameters of
 * SSM, DescribeEndpoint, UpdateEndpoint and DescribeStacks cost nothing.
 */
const PRICES = {
  lambdaGBSecondArm: 0.0000133334,
  lambdaRequest: 0.2e-6,
  sqsRequest: 0.4e-6,
  busEvent: 1e-6,
  s3List: 5e-6,
  s3Head: 0.4e-6,
} as const;

/** MB at which a function has one vCPU; below, its share is proportional ("Configure Lambda function memory"). */
const ONE_VCPU_MB = 1769;

/** A queue's event source mapping polls with five connections, 20 s each ("Using Lambda with Amazon SQS"); 730 h a month. */
const EMPTY_POLLS_PER_MONTH = (5 * 3600 * 730) / 20;
const SWEEPS_PER_MONTH = 730;

export interface Cost {
  readonly gbSeconds: number;
  /** Of 1,000 swaps. */
  readonly dollarsPer1000Refreshes: number;
}

/**
 * What a pattern costs: time on the way to AWS and back as modelled (15–60 ms a call), the code's own time as measured
 * here with a whole core, stretched to the memory's share of one. The alternatives are given the same code's speed.
 */
export function costOf(summary: ApproachSummary, memoryMB: number, { bundle }: BundleFigures): Cost {
  const stretch = ONE_VCPU_MB / memoryMB;
  const warm = (bundle.warm.median / 1000) * stretch;
  const cold = (bundle.decided.median / 1000) * stretch;
  const { invocations, coldStarts, seconds } = summary;
  const billed = seconds + (invocations - coldStarts) * warm + coldStarts * cold;
  const gbSeconds = billed * (memoryMB / 1024);
  const dollars =
    gbSeconds * PRICES.lambdaGBSecondArm +
    invocations * PRICES.lambdaRequest +
    summary.sqsRequests * PRICES.sqsRequest +
    summary.busEvents * PRICES.busEvent +
    summary.s3Lists * PRICES.s3List +
    summary.s3Heads * PRICES.s3Head;
  return { gbSeconds, dollarsPer1000Refreshes: (dollars / Math.max(1, summary.swaps)) * 1000 };
}

/** What an idle refresher costs, whatever the number of its endpoints: polls of its queue; and the sweep of one endpoint. */
export function idleDollarsPerMonth(memoryMB: number, { bundle }: BundleFigures): number {
  const billed = ((bundle.decided.median / 1000) * ONE_VCPU_MB) / memoryMB + 4 * 0.04;
  const sweep = billed * (memoryMB / 1024) * PRICES.lambdaGBSecondArm + PRICES.lambdaRequest + 4 * PRICES.sqsRequest;
  return EMPTY_POLLS_PER_MONTH * PRICES.sqsRequest + SWEEPS_PER_MONTH * (sweep + PRICES.busEvent);
}
