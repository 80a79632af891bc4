import type { EndpointSpec } from '@freshpoint/cdk/contract';
import { ENDPOINT_NAME } from '@freshpoint/simulation/worlds/layout';
import { type Clock, sleep } from '@freshpoint/simulator/core/clock';
import { WAIT_TIME_SECONDS } from './stack.ts';

/**
 * What people do today, as S3 event → asynchronous Lambda function. Lambda's own part (the event's age, retries,
 * throttling, reserved concurrency) is the local runtime's.
 */
export interface Alternative {
  /** Simultaneous executions. Absent: the account's. */
  readonly reservedConcurrency?: number;
  /** Absent: six hours, Lambda's default. */
  readonly maximumEventAgeSeconds?: number;
  /** After an error. Lambda's default: 2, after one and two more minutes. */
  readonly maximumRetryAttempts?: number;
  readonly memoryMB: number;
  /** Throws what UpdateEndpoint throws. */
  run(context: AlternativeContext): Promise<void>;
}

/** What the function's code has at hand. */
export interface AlternativeContext {
  readonly clock: Clock;
  readonly spec: EndpointSpec;
  call(
    operation: 'DescribeEndpoint' | 'UpdateEndpoint',
    input: object,
  ): Promise<{ readonly EndpointConfigName?: string }>;
}

/** DescribeEndpoint says which config is active; UpdateEndpoint takes the other one. */
async function swap({ spec, call }: AlternativeContext): Promise<void> {
  const { EndpointConfigName } = await call('DescribeEndpoint', { EndpointName: ENDPOINT_NAME });
  const { a, b } = spec.configs;
  await call('UpdateEndpoint', { EndpointName: ENDPOINT_NAME, EndpointConfigName: EndpointConfigName === a ? b : a });
}

/**
 * One execution at a time, which sleeps until an upload of several files should be over and then swaps. Events that
 * arrive meanwhile are throttled and tried again by Lambda until they are two minutes old; an error is not tried
 * again. (B.CfnSagemakerEndpoint and its kin.)
 */
export const sleepingFunction: Alternative = {
  reservedConcurrency: 1,
  maximumEventAgeSeconds: 120,
  maximumRetryAttempts: 0,
  memoryMB: 128,
  async run(context) {
    await sleep(context.clock, WAIT_TIME_SECONDS * 1000);
    await swap(context);
  },
};

/**
 * Each event swaps at once; "in progress" is an error, and Lambda tries again after one and after two more minutes.
 * (Most blog posts.)
 */
export const plainFunction: Alternative = { memoryMB: 128, run: swap };
