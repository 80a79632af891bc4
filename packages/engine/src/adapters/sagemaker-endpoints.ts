import {
  DescribeEndpointCommand,
  type DescribeEndpointOutput,
  UpdateEndpointCommand,
  type UpdateEndpointInput,
} from '@aws-sdk/client-sagemaker';
import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointStatus, EndpointView } from '../policy/observation.ts';
import type { Endpoints, UpdateOutcome } from '../ports.ts';
import { type Client, isAmbiguous, isNamed, send } from './client.ts';

/*
 * SageMaker answers nearly every error as ValidationException, which the SDK does not model. The texts are from field
 * reports; they decide no more than how soon the request is retried.
 */
const NOT_FOUND = /^Could not find endpoint\b(?! configuration)/i;
const BUSY = /in-progress|in progress/i;
const IN_USE = /currently in use endpoint configuration/i;

/** How SageMaker refuses a parameter that it does not support for an endpoint: unverified, no report shows one. */
const RETAIN_PARAMETER = /\b(RetainAllVariantProperties|RetainDeploymentConfig)\b/i;

/**
 * DescribeEndpoint and UpdateEndpoint. The client of `updates` must not retry: after a lost reply a second attempt is
 * refused as in progress, although the first one was accepted.
 */
export function sageMakerEndpoints(client: Client, updates: Client): Endpoints {
  return {
    async describe(name) {
      try {
        return view(await send(client, new DescribeEndpointCommand({ EndpointName: name })));
      } catch (error) {
        if (isNamed(error, 'ValidationException') && NOT_FOUND.test(error.message)) return 'gone';
        throw error;
      }
    },
    update(spec, configName) {
      return update(updates, updateInput(spec, configName));
    },
  };
}

/** Calls UpdateEndpoint, without the parameters that SageMaker refuses by name. */
async function update(
  client: Client,
  input: UpdateEndpointInput,
  leftOut: readonly string[] = [],
): Promise<UpdateOutcome> {
  try {
    await send(client, new UpdateEndpointCommand(input));
    return { kind: 'accepted', leftOut };
  } catch (error) {
    if (!(error instanceof Error) || isAmbiguous(error)) throw error;
    const isInvalid = error.name === 'ValidationException';
    if (isInvalid && BUSY.test(error.message)) return { kind: 'rejected', busy: true, error };
    if (isInvalid && IN_USE.test(error.message)) return { kind: 'rejected', busy: true, inUse: true, error };
    const refused = isInvalid ? refusedParameter(input, error.message) : undefined;
    if (refused) return await update(client, without(input, refused), [...leftOut, refused]);
    return { kind: 'rejected', busy: false, error };
  }
}

type RetainParameter = 'RetainAllVariantProperties' | 'RetainDeploymentConfig';

/** The parameter of the request that the refusal names. */
function refusedParameter(input: UpdateEndpointInput, message: string): RetainParameter | undefined {
  const named = RETAIN_PARAMETER.exec(message)?.[1]?.toLowerCase();
  const name = (['RetainAllVariantProperties', 'RetainDeploymentConfig'] as const).find(
    (parameter) => parameter.toLowerCase() === named,
  );
  return name !== undefined && input[name] === true ? name : undefined;
}

function without(input: UpdateEndpointInput, parameter: RetainParameter): UpdateEndpointInput {
  const isVariants = parameter === 'RetainAllVariantProperties';
  return {
    ...input,
    [parameter]: undefined,
    ...(isVariants && { ExcludeRetainedVariantProperties: undefined }),
  };
}

function updateInput(spec: EndpointSpec, configName: string): UpdateEndpointInput {
  const retain = spec.retainAllVariantProperties;
  const exclude = spec.excludeRetainedVariantProperties;
  return {
    EndpointName: spec.endpointName,
    EndpointConfigName: configName,
    RetainAllVariantProperties: retain,
    ExcludeRetainedVariantProperties:
      retain && exclude?.length
        ? exclude.map((type) => ({ VariantPropertyType: type as 'DesiredInstanceCount' }))
        : undefined,
    RetainDeploymentConfig: spec.retainDeploymentConfig,
  };
}

function view(output: DescribeEndpointOutput): EndpointView {
  return {
    status: output.EndpointStatus as EndpointStatus,
    configName: output.EndpointConfigName ?? '',
    pendingConfigName: output.PendingDeploymentSummary?.EndpointConfigName,
    created: output.CreationTime?.getTime() ?? 0,
    lastModified: output.LastModifiedTime?.getTime() ?? 0,
    failureReason: output.FailureReason === '' ? undefined : output.FailureReason,
    variants: output.ProductionVariants?.flatMap(({ VariantName }) => VariantName ?? []),
  };
}
