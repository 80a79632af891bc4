import {
  DescribeEndpointCommand,
  type DescribeEndpointOutput,
  UpdateEndpointCommand,
  type UpdateEndpointInput,
} from '@aws-sdk/client-sagemaker';
import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointStatus, EndpointView } from '../policy/observation.ts';
import type { Endpoints } from '../ports.ts';
import { type Client, isAmbiguous, isNamed, send } from './client.ts';

/*
 * SageMaker answers nearly every error as ValidationException, which the SDK does not model. The texts are from field
 * reports; they decide no more than how soon the request is retried.
 */
const NOT_FOUND = /^Could not find endpoint\b(?! configuration)/i;
const BUSY = /in-progress|in progress|currently in use endpoint configuration/i;

/** DescribeEndpoint and UpdateEndpoint. */
export function sageMakerEndpoints(client: Client): Endpoints {
  return {
    async describe(name) {
      try {
        return view(await send(client, new DescribeEndpointCommand({ EndpointName: name })));
      } catch (error) {
        if (isNamed(error, 'ValidationException') && NOT_FOUND.test(error.message)) return 'gone';
        throw error;
      }
    },
    async update(spec, configName) {
      try {
        await send(client, new UpdateEndpointCommand(updateInput(spec, configName)));
        return { kind: 'accepted' };
      } catch (error) {
        if (!(error instanceof Error) || isAmbiguous(error)) throw error;
        return { kind: 'rejected', busy: error.name === 'ValidationException' && BUSY.test(error.message), error };
      }
    },
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
