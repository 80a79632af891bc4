import { Annotations, Duration } from 'aws-cdk-lib';
import type { CfnEndpointProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { EndpointSpec, EndpointStore, SlotData, SourceSpec } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { DEFAULT_WAIT_TIME, NEWEST_MAX_WAITS } from './defaults';
import { concreteSeconds, wholeSeconds } from './durations';
import type { EndpointPlan } from './endpoint-plan';
import { smokeTestSpecs } from './smoke-tests';
import { isReadable, isReadableList } from './tokens';

/** Deploy-time values of the spec. */
export interface SpecTokens {
  readonly endpointName: string;
  readonly stackId: string;
  readonly configs: EndpointSpec['configs'];
  readonly queueUrl: string;
  readonly store: EndpointStore;
  readonly data?: SlotData;
  readonly retainRevisions?: number;
}

/** The endpoint's spec. Adds a warning if a setting applies to deployments only. */
export function endpointSpec(
  endpoint: Construct,
  props: SagemakerEndpointProps,
  { sources }: EndpointPlan,
  tokens: SpecTokens,
): EndpointSpec {
  const { endpointProps, pollInterval, stalledAfter, verification, smokeTests = [] } = props;
  const waitTime = props.waitTime ?? DEFAULT_WAIT_TIME;
  const excluded = excludedVariantProperties(endpoint, endpointProps);
  const maxWaitTime = props.maxWaitTime ?? boundOf(sources, waitTime);
  const { data, retainRevisions, queueUrl, ...identity } = tokens;
  return {
    version: 1,
    ...identity,
    sources,
    ...(data && { data }),
    ...(retainRevisions !== undefined && { retainRevisions }),
    ...(verification?._extent === 'full' && { verification: 'full' as const }),
    ...(smokeTests.length > 0 && { smokeTests: smokeTestSpecs(smokeTests) }),
    queueUrl,
    waitTime: wholeSeconds(waitTime),
    ...(maxWaitTime && { maxWaitTime: wholeSeconds(maxWaitTime) }),
    ...(pollInterval && { pollInterval: wholeSeconds(pollInterval) }),
    ...(stalledAfter && { stalledAfter: wholeSeconds(stalledAfter) }),
    // A token has become part of the JSON once the stack is deployed.
    retainAllVariantProperties: (endpointProps.retainAllVariantProperties ?? true) as boolean,
    retainDeploymentConfig: (endpointProps.retainDeploymentConfig ?? true) as boolean,
    ...(excluded.length > 0 && { excludeRetainedVariantProperties: excluded }),
  };
}

/** Training jobs may never pause, and each archive is whole: a wait for the newest to settle must end. */
function boundOf(sources: readonly SourceSpec[], waitTime: Duration): Duration | undefined {
  const seconds = concreteSeconds(waitTime);
  const isChosen = sources.every((source) => 'newestBelow' in source || 'marker' in source);
  return seconds !== undefined && isChosen ? Duration.seconds(seconds * NEWEST_MAX_WAITS) : undefined;
}

function excludedVariantProperties(endpoint: Construct, props: CfnEndpointProps): string[] {
  const given = props.excludeRetainedVariantProperties;
  if (given === undefined) return [];
  const listed = isReadableList(given) ? given : undefined;
  const readable = (listed ?? []).filter(isReadable);
  if (readable.length !== listed?.length) {
    Annotations.of(endpoint).addWarningV2(
      '@freshpoint/cdk:unreadableExclusions',
      'endpointProps.excludeRetainedVariantProperties contains a token, so it applies to deployments but not to ' +
        'refreshes. Write the list out.',
    );
  }
  return readable.flatMap(({ variantPropertyType }) => variantPropertyType ?? []);
}
