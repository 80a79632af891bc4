import { Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { dataBucketProblems } from './data-bucket';
import type { DeclaredModel } from './declared-models';
import { DEFAULT_WAIT_TIME } from './defaults';
import { concreteSeconds } from './durations';
import { duplicateNameProblems } from './endpoint-names';
import { keyFilterProblems, SUPPORTED_EVENT_TYPES } from './event-pattern';
import { hostingProblems } from './hosting-validation';
import { locationProblems } from './location-validation';
import { modelProblems, variantProblems } from './model-validation';
import { nameProblems } from './name-validation';
import { executionRoleProblems } from './role-validation';
import { smokeTestProblems } from './smoke-tests';
import { areConcrete } from './tokens';

/** Maximum visibility timeout of an SQS message. */
const MAX_DELAY = Duration.hours(12);

/** All problems with the props, except those that tokens hide. Each has the found value and the expected one. */
export function propsProblems(
  scope: Construct,
  props: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): string[] {
  return [
    ...nameProblems(props, models),
    ...modelProblems(models),
    ...variantProblems(props, models),
    ...hostingProblems(props, models),
    ...executionRoleProblems(scope, models),
    ...locationProblems(scope, props, models),
    ...duplicateNameProblems(scope, props.endpointProps.endpointName),
    ...durationProblems(props),
    ...eventProblems(props),
    ...markerProblems(props),
    ...dataBucketProblems(props.modelData?._perSlot ?? {}),
    ...smokeTestProblems(props),
    ...refresherProblems(scope, props),
  ];
}

/** Throws one error that lists all problems, if there are any. Its `code` is `FRESHPOINT_INVALID_PROPS`. */
export function throwIfAny(problems: readonly string[], scope: Construct): void {
  if (problems.length === 0) return;
  const lines = problems.map((problem, index) => `\n  ${index + 1}. ${problem}`);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const error = new Error(`SagemakerEndpoint "${scope.node.path}" has ${count}:${lines.join('')}`);
  throw Object.assign(error, { code: 'FRESHPOINT_INVALID_PROPS' });
}

function durationProblems(props: SagemakerEndpointProps): string[] {
  const { waitTime, maxWaitTime, pollInterval, sweepInterval, stalledAfter } = props;
  const problems: string[] = [];
  const wait = concreteSeconds(waitTime ?? DEFAULT_WAIT_TIME);
  const maxWait = concreteSeconds(maxWaitTime);
  const poll = concreteSeconds(pollInterval);
  const sweep = concreteSeconds(sweepInterval);
  if (wait !== undefined && wait > MAX_DELAY.toSeconds()) {
    problems.push(
      `waitTime is ${wait} seconds, expected at most 12 hours, the longest delay of a message in the queue.`,
    );
  }
  if (maxWait !== undefined && wait !== undefined && maxWait < wait) {
    problems.push(
      `maxWaitTime is ${maxWait} seconds, expected at least waitTime (${wait} seconds). Increase it, or omit it.`,
    );
  }
  if (poll !== undefined && (poll < 1 || poll > MAX_DELAY.toSeconds())) {
    problems.push(`pollInterval is ${poll} seconds, expected 1 second to 12 hours.`);
  }
  if (sweep !== undefined && (sweep < 60 || sweep % 60 !== 0)) {
    problems.push(`sweepInterval is ${sweep} seconds, expected whole minutes, at least one.`);
  }
  const stalled = concreteSeconds(stalledAfter);
  if (stalled !== undefined && stalled < 60) {
    problems.push(`stalledAfter is ${stalled} seconds, expected at least one minute.`);
  }
  return problems;
}

function eventProblems({ bucketEvents = [] }: SagemakerEndpointProps): string[] {
  const problems: string[] = [];
  for (const [index, { eventType, keyFilters }] of bucketEvents.entries()) {
    if (!SUPPORTED_EVENT_TYPES.includes(eventType)) {
      problems.push(
        `bucketEvents[${index}].eventType is "${eventType}", which S3 does not send to EventBridge, ` +
          `expected one of ${SUPPORTED_EVENT_TYPES.join(', ')}.`,
      );
    }
    problems.push(...keyFilterProblems(keyFilters ?? []).map((problem) => `bucketEvents[${index}]: ${problem}`));
  }
  return problems;
}

function markerProblems({ marker }: SagemakerEndpointProps): string[] {
  if (marker === undefined || (marker !== '' && !marker.startsWith('/') && !marker.startsWith('s3://'))) return [];
  return [
    `marker is "${marker}", expected a key in modelsBucket. Write it without bucket and leading slash, for example ` +
      '"models/_SUCCESS".',
  ];
}

function refresherProblems(scope: Construct, { refresher }: SagemakerEndpointProps): string[] {
  if (!refresher) return [];
  const here = Stack.of(scope);
  const there = Stack.of(refresher);
  return (['account', 'region'] as const)
    .filter((part) => areConcrete(here[part], there[part]) && here[part] !== there[part])
    .map(
      (part) =>
        `The refresher "${refresher.node.path}" is in ${part} ${there[part]}, but the endpoint is in ${here[part]}. ` +
        `Pass a refresher in the endpoint's account and region, or omit it.`,
    );
}
