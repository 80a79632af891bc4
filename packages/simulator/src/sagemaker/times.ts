/** Durations in SageMaker, in milliseconds unless a name says otherwise. */
export interface Times {
  /** From the start of an instance until it begins to download the model data. */
  readonly launchMs: number;
  /** Duration of a traffic shift. */
  readonly trafficShiftMs: number;
  /** From the end of the last baking period until the endpoint is InService again. */
  readonly terminationMs: number;
  /** Duration of RollingBack after a failed update. */
  readonly rollbackMs: number;
  /** Duration of Deleting. */
  readonly deletionMs: number;
  /** Duration of UpdateEndpointWeightsAndCapacities beyond the launches. */
  readonly scalingMs: number;
  /** Pause before a lost instance is replaced, and between the attempts. */
  readonly replacementMs: number;
  /** Duration of one second of a deployment policy (intervals, termination wait, execution timeout). */
  readonly policySecondMs: number;
  /** Timeout of a container's first health check, unless the variant sets one. */
  readonly healthCheckTimeoutMs: number;
  /** Upper bound of that timeout, so that a broken model fails within seconds in a demo. */
  readonly maxHealthCheckTimeoutMs: number;
  /** Timeout of the download of model data, unless the variant sets one. */
  readonly downloadTimeoutMs: number;
  /** Interval between pings of a starting container. */
  readonly startPingIntervalMs: number;
  /** Interval between pings of a healthy container. */
  readonly pingIntervalMs: number;
  /** Timeout of a ping. */
  readonly pingTimeoutMs: number;
  /** Number of failed pings in a row after which an instance is replaced. */
  readonly unhealthyAfter: number;
  /** Timeout of an invocation, and of draining an instance. */
  readonly invocationTimeoutMs: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly killAfterMs: number;
}

/** As on AWS: figures from its documentation, or else typical values. */
export const realisticTimes: Times = {
  launchMs: 150_000,
  trafficShiftMs: 15_000,
  terminationMs: 30_000,
  rollbackMs: 30_000,
  deletionMs: 15_000,
  scalingMs: 30_000,
  replacementMs: 60_000,
  policySecondMs: 1000,
  healthCheckTimeoutMs: 480_000,
  maxHealthCheckTimeoutMs: 3_600_000,
  downloadTimeoutMs: 3_600_000,
  startPingIntervalMs: 5000,
  pingIntervalMs: 5000,
  pingTimeoutMs: 2000,
  unhealthyAfter: 3,
  invocationTimeoutMs: 60_000,
  killAfterMs: 30_000,
};

/** For demos: the same order of events within seconds. */
export const fastTimes: Times = {
  ...realisticTimes,
  launchMs: 300,
  trafficShiftMs: 150,
  terminationMs: 150,
  rollbackMs: 300,
  deletionMs: 200,
  scalingMs: 200,
  replacementMs: 300,
  policySecondMs: 10,
  healthCheckTimeoutMs: 15_000,
  maxHealthCheckTimeoutMs: 15_000,
  downloadTimeoutMs: 60_000,
  startPingIntervalMs: 50,
  pingIntervalMs: 1000,
  killAfterMs: 2000,
};
