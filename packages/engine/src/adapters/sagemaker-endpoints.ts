import { DescribeEndpointCommand, type DescribeEndpointOutput, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import type { EndpointStatus, EndpointView } from '../policy/observation.ts';
import type { Endpoints } from '../ports.ts';
import { type Client, isAmbiguous } from './client.ts';

/*
 * SageMaker answers ValidationException to nearly everything; it isn't modelled in the SDK. The texts are from
 * field reports: none decides more than how soon to look again.
 */
const NOT_FOUND = /^Could not find endpoint\b(?! configuration)/i;
const BUSY = /in-progress|in progress|currently in use endpoint configuration/i;

/** DescribeEndpoint and UpdateEndpoint. */
export function sageMakerEndpoints(client: Client): Endpoints {
  return {
    async describe(name) {
      try {
        return view((await client.send(new DescribeEndpointCommand({ EndpointName: name }))) as DescribeEndpointOutput);
      } catch (error) {
        if (error instanceof Error && error.name === 'ValidationException' && NOT_FOUND.test(error.message))
          return 'gone';
        throw error;
      }
    },
    async update(spec, configName) {
      const retain = spec.retainAllVariantProperties;
      const exclude = spec.excludeRetainedVariantProperties;
      try {
        await client.send(
          new UpdateEndpointCommand({
            EndpointName: spec.endpointName,
            EndpointConfigName: configName,
            RetainAllVariantProperties: retain,
            ExcludeRetainedVariantProperties:
              retain && exclude?.length
                ? exclude.map((type) => ({ VariantPropertyType: type as 'DesiredInstanceCount' }))
                : undefined,
            RetainDeploymentConfig: spec.retainDeploymentConfig,
          }),
        );
        return { kind: 'accepted' };
      } catch (error) {
        if (!(error instanceof Error) || isAmbiguous(error)) throw error;
        return { kind: 'rejected', busy: error.name === 'ValidationException' && BUSY.test(error.message), error };
      }
    },
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
