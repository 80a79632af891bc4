import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarm,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import type { SagemakerEndpointBase } from './endpoint-base';

const ALARM_PERIOD = Duration.minutes(1);
const DEFAULT_MAX_ERROR_PERCENT = 1;
const DEFAULT_CANARY_PERCENT = 10;
const DEFAULT_STEP_PERCENT = 25;
const DEFAULT_BAKE_TIME = Duration.minutes(10);

/** Options of `GuardedDeployment.allAtOnce`. */
export interface GuardedDeploymentOptions {
  /**
   * How long the alarms are watched after each shift of traffic. At most one hour.
   *
   * @default Duration.minutes(10)
   */
  readonly bakeTime?: Duration;

  /**
   * The percentage of requests to a variant that may be answered with a 5xx status within a minute. One alarm per
   * variant watches it. With a canary, failures of the new fleet are a part of all requests only.
   *
   * @default 1
   */
  readonly maxErrorPercent?: number;

  /**
   * The highest average time that a variant's model may take to answer within a minute. One alarm per variant.
   *
   * @default - not watched
   */
  readonly maxModelLatency?: Duration;

  /**
   * Alarms of yours that also end an update. SageMaker watches at most ten alarms in all.
   *
   * @default - none
   */
  readonly alarms?: IAlarm[];
}

/** Options of `GuardedDeployment.canary`. */
export interface CanaryDeploymentOptions extends GuardedDeploymentOptions {
  /**
   * The percentage of the new fleet that gets traffic first. 1 to 50.
   *
   * @default 10
   */
  readonly percent?: number;
}

/** Options of `GuardedDeployment.linear`. */
export interface LinearDeploymentOptions extends GuardedDeploymentOptions {
  /**
   * The percentage of the new fleet that gets traffic in each step. 10 to 50.
   *
   * @default 25
   */
  readonly stepPercent?: number;
}

/**
 * How deployments and refreshes shift traffic to a new fleet, and which alarms make SageMaker go back to the old one.
 *
 * A revision during whose update an alarm goes off is quarantined.
 */
export class GuardedDeployment {
  /** Shifts traffic of a part of the new fleet first, and the rest after the bake time. */
  public static canary(options: CanaryDeploymentOptions = {}): GuardedDeployment {
    return new GuardedDeployment(options, {
      type: 'CANARY',
      canarySize: { type: 'CAPACITY_PERCENT', value: options.percent ?? DEFAULT_CANARY_PERCENT },
    });
  }

  /** Shifts traffic in equal steps, with the bake time after each. */
  public static linear(options: LinearDeploymentOptions = {}): GuardedDeployment {
    return new GuardedDeployment(options, {
      type: 'LINEAR',
      linearStepSize: { type: 'CAPACITY_PERCENT', value: options.stepPercent ?? DEFAULT_STEP_PERCENT },
    });
  }

  /** Shifts all traffic at once, and keeps the old fleet for the bake time. */
  public static allAtOnce(options: GuardedDeploymentOptions = {}): GuardedDeployment {
    return new GuardedDeployment(options, { type: 'ALL_AT_ONCE' });
  }

  /** @internal */
  public readonly _options: GuardedDeploymentOptions;

  /** @internal */
  public readonly _routing: TrafficRouting;

  private constructor(options: GuardedDeploymentOptions, routing: TrafficRouting) {
    this._options = options;
    this._routing = routing;
  }

  /**
   * Creates the alarms, and returns the deployment config of the endpoint.
   *
   * @internal
   */
  public _bind(endpoint: SagemakerEndpointBase): CfnEndpoint.DeploymentConfigProperty {
    const { bakeTime = DEFAULT_BAKE_TIME, alarms = [] } = this._options;
    const scope = new Construct(endpoint, 'GuardedDeployment');
    const all = [...(endpoint._variantNames ?? []).flatMap((name) => this.alarmsOf(scope, endpoint, name)), ...alarms];
    return {
      blueGreenUpdatePolicy: {
        trafficRoutingConfiguration: { ...this._routing, waitIntervalInSeconds: bakeTime.toSeconds() },
        // With all traffic at once, SageMaker watches the alarms until the old fleet ends.
        ...(this._routing.type === 'ALL_AT_ONCE' && { terminationWaitInSeconds: bakeTime.toSeconds() }),
      },
      autoRollbackConfiguration: { alarms: all.map(({ alarmName }) => ({ alarmName })) },
    };
  }

  private alarmsOf(scope: Construct, endpoint: SagemakerEndpointBase, variantName: string): Alarm[] {
    const { maxErrorPercent = DEFAULT_MAX_ERROR_PERCENT, maxModelLatency } = this._options;
    const of = { variantName, period: ALARM_PERIOD };
    const common = {
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    };
    const errors = new Alarm(scope, `Errors-${variantName}`, {
      ...common,
      alarmDescription: `Freshpoint: ends an update of endpoint ${endpoint.endpointName}: 5xx answers of ${variantName}`,
      threshold: maxErrorPercent,
      metric: new MathExpression({
        expression: '100 * FILL(errors, 0) / invocations',
        label: 'percentage of 5xx answers',
        period: ALARM_PERIOD,
        usingMetrics: {
          errors: endpoint.metricInvocation5XXErrors(of),
          invocations: endpoint.metricInvocations(of),
        },
      }),
    });
    if (!maxModelLatency) return [errors];
    const latency = new Alarm(scope, `Latency-${variantName}`, {
      ...common,
      alarmDescription: `Freshpoint: ends an update of endpoint ${endpoint.endpointName}: latency of ${variantName}`,
      threshold: maxModelLatency.toMilliseconds() * 1000,
      metric: endpoint.metricModelLatency({ ...of, statistic: Stats.AVERAGE }),
    });
    return [errors, latency];
  }
}

interface TrafficRouting {
  readonly type: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR';
  readonly canarySize?: CfnEndpoint.CapacitySizeProperty;
  readonly linearStepSize?: CfnEndpoint.CapacitySizeProperty;
}
