import type { CreateEndpointConfigOutput } from '@aws-sdk/client-sagemaker';
import type { Provider } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { nameIn } from './calls.ts';
import { updateSageMakerTags } from './sagemaker-tags.ts';

type Variant = { readonly ModelName?: string };

type EndpointConfigProperties = TaggedProperties & {
  readonly EndpointConfigName?: string;
  readonly ProductionVariants?: readonly Variant[];
  readonly ShadowProductionVariants?: readonly Variant[];
};

/** AWS::SageMaker::EndpointConfig. Ref is the ARN; every property goes to CreateEndpointConfig, models by name. */
export const sagemakerEndpointConfig: Provider<EndpointConfigProperties> = {
  replacing: { allBut: ['Tags'] },
  nameProperty: 'EndpointConfigName',
  tags: 'list',
  async create(properties, context) {
    const EndpointConfigName = properties.EndpointConfigName ?? context.name({ maxLength: 63, stackName: false });
    const { EndpointConfigArn = '' } = await context.call<CreateEndpointConfigOutput>(
      'sagemaker',
      'CreateEndpointConfig',
      {
        ...properties,
        ProductionVariants: withModelNames(properties.ProductionVariants),
        ShadowProductionVariants: withModelNames(properties.ShadowProductionVariants),
        EndpointConfigName,
      },
    );
    return { physicalId: EndpointConfigArn, attributes: { EndpointConfigName, EndpointConfigArn } };
  },
  async update(handle, properties, old, context) {
    await updateSageMakerTags(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId, attributes }, _properties, context) {
    const EndpointConfigName = attributes.EndpointConfigName ?? nameIn(physicalId);
    await context.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName });
  },
};

/** Names a model that the property names by its ARN. */
function withModelNames(variants: readonly Variant[] | undefined): readonly Variant[] | undefined {
  return variants?.map((variant) =>
    typeof variant.ModelName === 'string' ? { ...variant, ModelName: nameIn(variant.ModelName) } : variant,
  );
}
