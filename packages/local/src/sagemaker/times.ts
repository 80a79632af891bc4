/** How long things take, in milliseconds unless a name says otherwise. */
export interface Times {
  /** From the decision to have an instance until it begins to download the model data. */
  readonly launchMs: number;
  /** How long a change of the traffic's routing takes. */
  readonly trafficShiftMs: number;
  /** From the end of the last baking period until the endpoint is InService again. */
  readonly terminationMs: number;
  /** How long a failed update stays RollingBack. */
  readonly rollbackMs: number;
  /** How long an endpoint stays Deleting. */
  readonly deletionMs: number;
  /** What UpdateEndpointWeightsAndCapacities takes beyond the launches. */
  readonly scalingMs: number;
  /** Pause before a lost instance is replaced, and between attempts to replace it. */
  readonly replacementMs: number;
  /** What one second of a deployment policy (intervals, termination wait, execution timeout) lasts. */
  readonly policySecondMs: number;
  /** How long a container has to pass its first health check, unless the variant says. */
  readonly healthCheckTimeoutMs: number;
  /** Upper bound of the above, whatever the variant says: lets a demo see a broken model refused within seconds. */
  readonly maxHealthCheckTimeoutMs: number;
  /** How long the model data may take to arrive, unless the variant says. */
  readonly downloadTimeoutMs: number;
  /** Between two pings of a container that is starting. */
  readonly startPingIntervalMs: number;
  /** Between two pings of a healthy container. */
  readonly pingIntervalMs: number;
  /** How long a ping may take. */
  readonly pingTimeoutMs: number;
  /** So many failed pings in a row and the instance is replaced. */
  readonly unhealthyAfter: number;
  /** How long an invocation may take; also how long a draining instance is waited for. */
  readonly invocationTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killAfterMs: number;
}

/** As on AWS, by its documentation where it gives a figure, else of the order that is seen in practice. */
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

/** For a demo: the same order of events within seconds. */
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
