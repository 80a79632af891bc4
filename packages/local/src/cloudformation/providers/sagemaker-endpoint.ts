import { sleep } from '../../core/clock.ts';
import { changedProperties } from '../diff.ts';
import { isMissing, ResourceFailure } from '../failure-reason.ts';
import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { nameOf } from './calls.ts';
import { updateTags } from './sagemaker-tags.ts';

interface Description {
  readonly EndpointStatus: string;
  readonly EndpointConfigName: string;
  readonly FailureReason?: string;
}

/** How the provider waits for endpoints. */
export interface EndpointWaiting {
  /** Milliseconds between two looks at an endpoint. */
  readonly pollMs: number;
  /** Milliseconds after which an endpoint that doesn't settle fails its resource. */
  readonly timeoutMs: number;
}

/** AWS::SageMaker::Endpoint. Ref is the ARN. Made and updated means InService, on the config that was asked for. */
export function sagemakerEndpoint(waiting: EndpointWaiting): Provider {
  return {
    replacing: ['EndpointName'],
    nameProperty: 'EndpointName',
    tags: 'list',
    async create(properties, context) {
      const EndpointName: string = properties.EndpointName ?? context.name({ maxLength: 63, stackName: false });
      const EndpointConfigName = nameOf(properties.EndpointConfigName);
      // The API knows Retain* and Exclude* at updates only.
      const { EndpointArn } = await context.call('sagemaker', 'CreateEndpoint', {
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
          settled.FailureReason ?? `Endpoint ${EndpointName} is ${settled.EndpointStatus}, without a reason.`,
        );
      }
      return handle;
    },

    async update(handle, properties, old, context) {
      await updateTags(handle.physicalId, properties, old, context);
      const EndpointName = String(handle.attributes.EndpointName);
      const EndpointConfigName = nameOf(properties.EndpointConfigName);
      const changed = changedProperties(old, properties);
      // Retain* and Exclude* only say how an update goes: a change of them alone has nothing to do.
      if (!changed.includes('EndpointConfigName') && !changed.includes('DeploymentConfig')) return handle;
      if (context.rollingBack) {
        // The refused update may have left the endpoint where the rollback wants it; SageMaker refuses an update to that.
        const now = await settle(EndpointName, waiting, context);
        if (now.EndpointStatus === 'InService' && isSameName(now.EndpointConfigName, EndpointConfigName)) return handle;
      }
      await context.call('sagemaker', 'UpdateEndpoint', {
        EndpointName,
        EndpointConfigName,
        ...(properties.DeploymentConfig !== undefined && { DeploymentConfig: properties.DeploymentConfig }),
        ...flags(properties),
      });
      const settled = await settle(EndpointName, waiting, context);
      if (settled.EndpointStatus !== 'InService' || !isSameName(settled.EndpointConfigName, EndpointConfigName)) {
        throw new ResourceFailure(
          settled.FailureReason ??
            `Endpoint ${EndpointName} is ${settled.EndpointStatus} with endpoint configuration ${settled.EndpointConfigName}, not ${EndpointConfigName}; SageMaker gave no reason.`,
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

/** A name taken from an ARN is in lower case, and SageMaker doesn't tell cases apart. */
const isSameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function flags(properties: Properties): Record<string, unknown> {
  const names = ['RetainAllVariantProperties', 'ExcludeRetainedVariantProperties', 'RetainDeploymentConfig'];
  return Object.fromEntries(
    names.filter((name) => properties[name] !== undefined).map((name) => [name, properties[name]]),
  );
}

/** The endpoint's description once SageMaker has finished with it. Throws when it is gone or takes too long. */
async function settle(EndpointName: string, waiting: EndpointWaiting, context: ProviderContext): Promise<Description> {
  const until = context.clock.now() + waiting.timeoutMs;
  for (;;) {
    const found: Description = await context.call('sagemaker', 'DescribeEndpoint', { EndpointName });
    if (!['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'].includes(found.EndpointStatus)) {
      return found;
    }
    if (context.clock.now() >= until) {
      throw new ResourceFailure(`Exceeded attempts to wait: endpoint ${EndpointName} is ${found.EndpointStatus}.`);
    }
    await sleep(context.clock, waiting.pollMs);
  }
}
