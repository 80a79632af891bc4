import type { Duration } from 'aws-cdk-lib';

/** Options of `SagemakerEndpoint.autoScale`. */
export interface AutoScaleOptions {
  /** Least number of instances. At least 1; an asynchronous endpoint can scale to 0. */
  readonly min: number;

  /** Largest number of instances. */
  readonly max: number;

  /**
   * Number of requests per instance and minute to keep to. Measure with a load test how many an instance can handle.
   *
   * Not for asynchronous endpoints.
   *
   * @default 70
   */
  readonly invocationsPerInstance?: number;

  /**
   * Of an asynchronous endpoint, the number of waiting requests per instance to keep to.
   *
   * @default 5
   */
  readonly backlogPerInstance?: number;

  /**
   * Pause after instances were removed.
   *
   * @default - 5 minutes, the default of Application Auto Scaling
   */
  readonly scaleInCooldown?: Duration;

  /**
   * Pause after instances were added.
   *
   * @default - 5 minutes, the default of Application Auto Scaling
   */
  readonly scaleOutCooldown?: Duration;
}
