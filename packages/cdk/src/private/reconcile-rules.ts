import type { Duration } from 'aws-cdk-lib';
import { type IRuleTarget, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { BucketEvent } from '../bucket-event';
import { DEFAULT_SWEEP_INTERVAL } from './defaults';
import { eventPattern } from './event-pattern';

export interface ReconcileRulesOptions {
  /** Receives the reconcile requests. */
  readonly target: IRuleTarget;
  readonly bucket: IBucket;
  readonly bucketEvents: readonly BucketEvent[];
  /** Default: one hour. */
  readonly sweepInterval?: Duration;
}

/** Creates the rules that request reconciliations: one per bucket event, and the sweep. */
export function createReconcileRules(scope: Construct, options: ReconcileRulesOptions): Rule[] {
  const { target, bucket, bucketEvents, sweepInterval = DEFAULT_SWEEP_INTERVAL } = options;
  const onEvents = bucketEvents.map(
    (event, index) =>
      new Rule(scope, `Event${index + 1}`, {
        description: "Freshpoint: reconciles an endpoint after an event of its models' bucket",
        eventPattern: eventPattern(bucket.bucketName, event),
        targets: [target],
      }),
  );
  const sweep = new Rule(scope, 'Sweep', {
    description: 'Freshpoint: reconciles an endpoint in the absence of events',
    schedule: Schedule.rate(sweepInterval),
    targets: [target],
  });
  return [...onEvents, sweep];
}
