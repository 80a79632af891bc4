import type { CreateEndpointOutput } from '@aws-sdk/client-sagemaker';
import { sleep } from '../../core/clock.ts';
import { changedProperties } from '../diff.ts';
import { isMissing, ResourceFailure } from '../failure-reason.ts';
import type { BooleanProperty, Provider, ProviderContext } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { nameIn } from './calls.ts';
import { updateTags } from './update-tags.ts';

type EndpointProperties = TaggedProperties & {
  readonly EndpointName?: string;
  readonly EndpointConfigName: string;
  readonly DeploymentConfig?: object;
  readonly RetainAllVariantProperties?: BooleanProperty;
  readonly ExcludeRetainedVariantProperties?: readonly object[];
  readonly RetainDeploymentConfig?: BooleanProperty;
};

/** `DescribeEndpointOutput`, as far as it is read. */
interface EndpointDescription {
  readonly EndpointStatus: string;
  readonly EndpointConfigName: string;
  readonly FailureReason?: string;
}

/** How long the provider waits for endpoints, and for what. */
export interface EndpointWaiting {
  /** Milliseconds between two DescribeEndpoint calls. */
  readonly pollMs: number;
  /** Milliseconds after which an endpoint that does not settle fails its resource. */
  readonly timeoutMs: number;
  /** Whether InService without a FailureReason counts as success, also on another config than the requested one. */
  readonly overlooksRollbacks: boolean;
}

/** AWS::SageMaker::Endpoint. Ref is the ARN. It is created or updated when it is InService on the requested config. */
export function sagemakerEndpoint(waiting: EndpointWaiting): Provider<EndpointProperties> {
  return {
    replacing: ['EndpointName'],
    nameProperty: 'EndpointName',
    tags: 'list',
    async create(properties, context) {
      const EndpointName = properties.EndpointName ?? context.name({ maxLength: 63, stackName: false });
      const EndpointConfigName = nameIn(properties.EndpointConfigName);
      // Only UpdateEndpoint takes Retain* and Exclude*.
      const { EndpointArn = '' } = await context.call<CreateEndpointOutput>('sagemaker', 'CreateEndpoint', {
        EndpointName,
        EndpointConfigName,
        DeploymentConfig: properties.DeploymentConfig,
        Tags: properties.Tags,
      });
      const handle = { physicalId: EndpointArn, attributes: { EndpointName, EndpointArn } };
      context.identified(handle);
      const settled = await settle(EndpointName, waiting, context);
      if (settled.EndpointStatus !== 'InService') {
        throw new ResourceFailure(
          settled.FailureReason ?? `Endpoint ${EndpointName} is ${settled.EndpointStatus}. SageMaker gave no reason.`,
        );
      }
      return handle;
    },

    async update(handle, properties, old, context) {
      await updateTags(
        'sagemaker',
        { ResourceArn: handle.physicalId },
        { old: old.Tags, now: properties.Tags },
        context,
      );
      const EndpointName = String(handle.attributes.EndpointName);
      const EndpointConfigName = nameIn(properties.EndpointConfigName);
      const changed = changedProperties(old, properties);
      // Retain* and Exclude* are options of an update. A change of nothing else needs no update.
      if (!changed.includes('EndpointConfigName') && !changed.includes('DeploymentConfig')) return handle;
      if (context.rollingBack) {
        // The failed update may have left the endpoint on the old config, to which SageMaker refuses an update.
        const now = await settle(EndpointName, waiting, context);
        if (now.EndpointStatus === 'InService' && isSameName(now.EndpointConfigName, EndpointConfigName)) return handle;
      }
      await context.call('sagemaker', 'UpdateEndpoint', {
        EndpointName,
        EndpointConfigName,
        ...(properties.DeploymentConfig !== undefined && { DeploymentConfig: properties.DeploymentConfig }),
        ...updateOptions(properties),
      });
      const settled = await settle(EndpointName, waiting, context);
      const isOverlooked = waiting.overlooksRollbacks && !settled.FailureReason;
      const isMoved = isOverlooked || isSameName(settled.EndpointConfigName, EndpointConfigName);
      if (settled.EndpointStatus !== 'InService' || !isMoved) {
        throw new ResourceFailure(
          settled.FailureReason ??
            `Endpoint ${EndpointName} is ${settled.EndpointStatus} with endpoint configuration ` +
              `${settled.EndpointConfigName}, not ${EndpointConfigName}. SageMaker gave no reason.`,
        );
      }
      return handle;
    },

    async delete(handle, _properties, context) {
      const EndpointName = String(handle.attributes.EndpointName);
      await context.call('sagemaker', 'DeleteEndpoint', { EndpointName });
      await settle(EndpointName, waiting, context).catch((error) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

/** A name from an ARN is in lower case, and SageMaker ignores case. */
const isSameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function updateOptions(properties: EndpointProperties): Record<string, unknown> {
  const names = ['RetainAllVariantProperties', 'ExcludeRetainedVariantProperties', 'RetainDeploymentConfig'] as const;
  return Object.fromEntries(
    names.filter((name) => properties[name] !== undefined).map((name) => [name, properties[name]]),
  );
}

/** The endpoint's description once no operation is in progress. Throws if the endpoint is missing or takes too long. */
async function settle(
  EndpointName: string,
  waiting: EndpointWaiting,
  context: ProviderContext,
): Promise<EndpointDescription> {
  const until = context.clock.now() + waiting.timeoutMs;
  for (;;) {
    const found = await context.call<EndpointDescription>('sagemaker', 'DescribeEndpoint', { EndpointName });
    if (!['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'].includes(found.EndpointStatus)) {
      return found;
    }
    if (context.clock.now() >= until) {
      throw new ResourceFailure(`Exceeded attempts to wait: endpoint ${EndpointName} is ${found.EndpointStatus}.`);
    }
    await sleep(context.clock, waiting.pollMs);
  }
}
