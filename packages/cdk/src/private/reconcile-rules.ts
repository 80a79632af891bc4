import type { Duration } from 'aws-cdk-lib';
import { type CfnRule, type IRuleTarget, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { BucketEvent } from '../bucket-event';
import { maxLengthOf } from './bounded-arns';
import { DEFAULT_SWEEP_INTERVAL } from './defaults';
import { eventPattern, MAX_PATTERN_CHARACTERS, type RulePattern, stateChangePattern } from './event-pattern';
import { MAX_NAME_LENGTH } from './naming';

export interface ReconcileRulesOptions {
  /** Receives the reconcile requests. */
  readonly target: IRuleTarget;
  readonly endpointName: string;
  readonly bucket: IBucket;
  readonly bucketEvents: readonly BucketEvent[];
  /** Further patterns of events after which the endpoint is reconciled. */
  readonly patterns: readonly RulePattern[];
  /** Default: one hour. */
  readonly sweepInterval?: Duration;
}

/**
 * Creates the rule that requests reconciliations: on a schedule, after events of the bucket, and when the endpoint's
 * status changes. Patterns that do not fit into one rule go to further rules.
 */
export function createReconcileRules(scope: Construct, options: ReconcileRulesOptions): Rule[] {
  const { target, endpointName, bucket, bucketEvents, sweepInterval = DEFAULT_SWEEP_INTERVAL } = options;
  const patterns = [
    ...bucketEvents.map((event) => eventPattern(bucket.bucketName, event)),
    ...options.patterns,
    stateChangePattern(endpointName),
  ];
  return packed(patterns).map((alternatives, index) => {
    const rule = new Rule(scope, index === 0 ? 'Rule' : `Rule${index + 1}`, {
      description: 'Freshpoint: reconciles an endpoint',
      // A rule that has a schedule only is replaced below: `Rule` does not take a pattern with alternatives.
      schedule: Schedule.rate(sweepInterval),
      targets: [target],
    });
    const resource = rule.node.defaultChild as CfnRule;
    resource.eventPattern = alternatives.length === 1 ? alternatives[0] : { $or: alternatives };
    if (index > 0) resource.scheduleExpression = undefined;
    return rule;
  });
}

/** The patterns in as few lists as rules can hold, at most `MAX_PATTERN_CHARACTERS` each once deployed. */
function packed(patterns: readonly RulePattern[]): RulePattern[][] {
  const lists: RulePattern[][] = [];
  for (const pattern of patterns) {
    const last = lists.at(-1);
    if (last && maxPatternLength([...last, pattern]) <= MAX_PATTERN_CHARACTERS) last.push(pattern);
    else lists.push([pattern]);
  }
  return lists;
}

/** Tokens are names of buckets and endpoints, and parts of keys. */
function maxPatternLength(alternatives: readonly RulePattern[]): number {
  return maxLengthOf(JSON.stringify({ $or: alternatives }), MAX_NAME_LENGTH);
}
