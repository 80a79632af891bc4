import type { CreateModelPackageGroupOutput, DescribeEndpointOutput } from '@aws-sdk/client-sagemaker';
import { sleep } from '../../core/clock.ts';
import { ResourceFailure } from '../failures.ts';
import { changedProperties, type Handle, type Properties, type Provider, type ProviderContext } from '../provider.ts';
import { apiType, jsonText, nameIn, without } from './api-type.ts';

/** How long the provider waits for endpoints, and for what. */
export interface EndpointWaiting {
  /** Milliseconds between two DescribeEndpoint calls. */
  readonly pollMs: number;
  /** Whether InService without a FailureReason counts as success, also on another config than the requested one. */
  readonly overlooksRollbacks: boolean;
}

/** Milliseconds after which an endpoint that does not settle fails its resource. */
const TIMEOUT_MS = 3 * 3_600_000;

type EndpointProperties = Properties & { readonly EndpointConfigName: string };

type Variant = { readonly ModelName?: string };

type EndpointConfigProperties = Properties & {
  readonly ProductionVariants?: readonly Variant[];
  readonly ShadowProductionVariants?: readonly Variant[];
};

/** Models, endpoint configurations, endpoints and groups of model packages. Ref is the ARN. */
export const sagemakerTypes = (waiting: EndpointWaiting): Readonly<Record<string, Provider>> => ({
  'AWS::SageMaker::Model': immutableType('Model', (properties) => properties),
  'AWS::SageMaker::EndpointConfig': immutableType<EndpointConfigProperties>('EndpointConfig', (properties) => ({
    ...properties,
    ProductionVariants: withModelNames(properties.ProductionVariants),
    ShadowProductionVariants: withModelNames(properties.ShadowProductionVariants),
  })),
  'AWS::SageMaker::Endpoint': endpointType(waiting),

  // A group with packages cannot be deleted.
  'AWS::SageMaker::ModelPackageGroup': apiType<Properties, CreateModelPackageGroupOutput>({
    api: { service: 'sagemaker', create: 'CreateModelPackageGroup', remove: 'DeleteModelPackageGroup' },
    name: { property: 'ModelPackageGroupName' },
    replacing: { allBut: ['Tags', 'ModelPackageGroupPolicy'] },
    tags: 'list',
    input: (properties) => without(properties, 'ModelPackageGroupPolicy'),
    handle: (_name, { ModelPackageGroupArn = '' }) => ({
      physicalId: ModelPackageGroupArn,
      attributes: { ModelPackageGroupArn },
    }),
    async parts(ModelPackageGroupName, { ModelPackageGroupPolicy: policy }, old, context) {
      if (policy !== undefined) {
        const input = { ModelPackageGroupName, ResourcePolicy: jsonText(policy) };
        await context.call('sagemaker', 'PutModelPackageGroupPolicy', input);
      } else if (old.ModelPackageGroupPolicy !== undefined) {
        await context.call('sagemaker', 'DeleteModelPackageGroupPolicy', { ModelPackageGroupName });
      }
    },
  }),
});

/** AWS::SageMaker::<kind>, of which only tags can change. */
const immutableType = <P extends Properties>(kind: string, input: (properties: P) => object): Provider =>
  apiType<P, Readonly<Record<string, string>>>({
    ...sagemakerNames(kind),
    replacing: { allBut: ['Tags'] },
    input,
  });

/** What depends on the name of the type. */
const sagemakerNames = (kind: string) => ({
  api: { service: 'sagemaker', create: `Create${kind}`, remove: `Delete${kind}` },
  name: { property: `${kind}Name`, maxLength: 63, stackName: false },
  tags: 'list' as const,
  handle(name: string, output: Readonly<Record<string, string>>): Handle {
    const physicalId = output[`${kind}Arn`] ?? '';
    return { physicalId, attributes: { [`${kind}Name`]: name, [`${kind}Arn`]: physicalId } };
  },
});

/** Names a model that the property names by its ARN. */
const withModelNames = (variants: readonly Variant[] | undefined): readonly Variant[] | undefined =>
  variants?.map((variant) =>
    typeof variant.ModelName === 'string' ? { ...variant, ModelName: nameIn(variant.ModelName) } : variant,
  );

/** Endpoints. One is created or updated when it is InService on the requested config. */
function endpointType(waiting: EndpointWaiting): Provider {
  const type = apiType<EndpointProperties, Readonly<Record<string, string>>>({
    ...sagemakerNames('Endpoint'),
    replacing: ['EndpointName'],
    // Only UpdateEndpoint takes Retain* and Exclude*.
    input: ({ EndpointConfigName, DeploymentConfig }) => ({
      EndpointConfigName: nameIn(EndpointConfigName),
      DeploymentConfig,
    }),
    async parts(EndpointName, now, old, context) {
      const EndpointConfigName = nameIn(now.EndpointConfigName ?? '');
      if (old.EndpointConfigName !== undefined) {
        const changed = changedProperties(old, now);
        // Retain* and Exclude* are options of an update. A change of nothing else needs no update.
        if (!changed.includes('EndpointConfigName') && !changed.includes('DeploymentConfig')) return;
        if (context.rollingBack) {
          // The failed update may have left the endpoint on the old config, to which SageMaker refuses an update.
          if (isInServiceOn(EndpointConfigName, await settle(EndpointName, waiting, context))) return;
        }
        const options = without(now, 'EndpointName', 'Tags');
        await context.call('sagemaker', 'UpdateEndpoint', { ...options, EndpointName, EndpointConfigName });
      }
      const settled = await settle(EndpointName, waiting, context);
      const isOverlooked = waiting.overlooksRollbacks && !settled.FailureReason;
      if (isInServiceOn(isOverlooked ? settled.EndpointConfigName : EndpointConfigName, settled)) return;
      throw new ResourceFailure(
        settled.FailureReason ??
          `Endpoint ${EndpointName} is ${settled.EndpointStatus} with endpoint configuration ` +
            `${settled.EndpointConfigName}, not InService with ${EndpointConfigName}. SageMaker gave no reason.`,
      );
    },
  });
  return {
    ...type,
    async delete(handle, properties, context) {
      await type.delete(handle, properties as EndpointProperties, context);
      await settle(String(handle.attributes.EndpointName), waiting, context);
    },
  };
}

/** A name from an ARN is in lower case, and SageMaker ignores case. */
const isInServiceOn = (config: string | undefined, endpoint: DescribeEndpointOutput) =>
  endpoint.EndpointStatus === 'InService' && endpoint.EndpointConfigName?.toLowerCase() === config?.toLowerCase();

/** The endpoint's description once no operation is in progress. Throws if the endpoint is missing or takes too long. */
async function settle(
  EndpointName: string,
  { pollMs }: EndpointWaiting,
  { call, clock }: ProviderContext,
): Promise<DescribeEndpointOutput> {
  const until = clock.now() + TIMEOUT_MS;
  for (;;) {
    const found = await call<DescribeEndpointOutput>('sagemaker', 'DescribeEndpoint', { EndpointName });
    if (!/ing$|^RollingBack$/.test(found.EndpointStatus ?? '')) return found;
    if (clock.now() >= until) {
      throw new ResourceFailure(`Exceeded attempts to wait: endpoint ${EndpointName} is ${found.EndpointStatus}.`);
    }
    await sleep(clock, pollMs);
  }
}
