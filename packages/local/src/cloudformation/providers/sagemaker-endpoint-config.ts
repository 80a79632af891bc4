import type { Properties, Provider } from '../provider.ts';
import { nameOf } from './calls.ts';
import { updateTags } from './sagemaker-tags.ts';

/** AWS::SageMaker::EndpointConfig. Ref is the ARN; every property goes to CreateEndpointConfig, models by name. */
export const sagemakerEndpointConfig: Provider = {
  replacing: { allBut: ['Tags'] },
  nameProperty: 'EndpointConfigName',
  tags: 'list',
  async create(properties, context) {
    const EndpointConfigName: string =
      properties.EndpointConfigName ?? context.name({ maxLength: 63, stackName: false });
    const { EndpointConfigArn } = await context.call('sagemaker', 'CreateEndpointConfig', {
      ...properties,
      ...withModelNames(properties, 'ProductionVariants'),
      ...withModelNames(properties, 'ShadowProductionVariants'),
      EndpointConfigName,
    });
    return { physicalId: EndpointConfigArn, attributes: { EndpointConfigName, EndpointConfigArn } };
  },
  async update(handle, properties, old, context) {
    await updateTags(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId, attributes }, _properties, context) {
    const EndpointConfigName = attributes.EndpointConfigName ?? nameOf(physicalId);
    await context.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName });
  },
};

function withModelNames(properties: Properties, member: string): Record<string, unknown> {
  const variants = properties[member] as Record<string, unknown>[] | undefined;
  if (variants === undefined) return {};
  return {
    [member]: variants.map((variant) =>
      typeof variant.ModelName === 'string' ? { ...variant, ModelName: nameOf(variant.ModelName) } : variant,
    ),
  };
}
