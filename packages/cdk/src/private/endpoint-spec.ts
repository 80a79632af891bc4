import { Annotations } from 'aws-cdk-lib';
import type { CfnEndpointProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { EndpointSpec, EndpointStore, SlotData } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { DEFAULT_WAIT_TIME } from './defaults';
import { wholeSeconds } from './durations';
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
  const { endpointProps, maxWaitTime, pollInterval, stalledAfter, verification, smokeTests = [] } = props;
  const excluded = excludedVariantProperties(endpoint, endpointProps);
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
    waitTime: wholeSeconds(props.waitTime ?? DEFAULT_WAIT_TIME),
    ...(maxWaitTime && { maxWaitTime: wholeSeconds(maxWaitTime) }),
    ...(pollInterval && { pollInterval: wholeSeconds(pollInterval) }),
    ...(stalledAfter && { stalledAfter: wholeSeconds(stalledAfter) }),
    // A token has become part of the JSON once the stack is deployed.
    retainAllVariantProperties: (endpointProps.retainAllVariantProperties ?? true) as boolean,
    retainDeploymentConfig: (endpointProps.retainDeploymentConfig ?? true) as boolean,
    ...(excluded.length > 0 && { excludeRetainedVariantProperties: excluded }),
  };
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
