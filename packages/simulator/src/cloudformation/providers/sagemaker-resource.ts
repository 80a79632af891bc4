import type { Properties, Provider } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { nameIn } from './calls.ts';
import { updateTags } from './update-tags.ts';

/** AWS::SageMaker::<kind>: all properties go to Create<kind>, as `inputOf` has them. Tags can change. Ref: the ARN. */
function sagemakerResource<P extends TaggedProperties>(
  kind: 'Model' | 'EndpointConfig',
  inputOf: (properties: P) => object = (properties) => properties,
): Provider<P> {
  const [nameProperty, arnAttribute] = [`${kind}Name`, `${kind}Arn`];
  return {
    replacing: { allBut: ['Tags'] },
    nameProperty,
    tags: 'list',
    async create(properties, context) {
      const name = (properties as Properties)[nameProperty] ?? context.name({ maxLength: 63, stackName: false });
      const input = { ...inputOf(properties), [nameProperty]: name };
      const made = await context.call<Record<string, string>>('sagemaker', `Create${kind}`, input);
      const arn = made[arnAttribute] ?? '';
      return { physicalId: arn, attributes: { [nameProperty]: name, [arnAttribute]: arn } };
    },
    async update(handle, properties, old, context) {
      const ResourceArn = handle.physicalId;
      await updateTags('sagemaker', { ResourceArn }, { old: old.Tags, now: properties.Tags }, context);
      return handle;
    },
    async delete({ physicalId, attributes }, _properties, context) {
      const name = attributes[nameProperty] ?? nameIn(physicalId);
      await context.call('sagemaker', `Delete${kind}`, { [nameProperty]: name });
    },
  };
}

type Variant = { readonly ModelName?: string };

type EndpointConfigProperties = TaggedProperties & {
  readonly ProductionVariants?: readonly Variant[];
  readonly ShadowProductionVariants?: readonly Variant[];
};

export const sagemakerModel = sagemakerResource('Model');

export const sagemakerEndpointConfig = sagemakerResource<EndpointConfigProperties>('EndpointConfig', (properties) => ({
  ...properties,
  ProductionVariants: withModelNames(properties.ProductionVariants),
  ShadowProductionVariants: withModelNames(properties.ShadowProductionVariants),
}));

/** Names a model that the property names by its ARN. */
function withModelNames(variants: readonly Variant[] | undefined): readonly Variant[] | undefined {
  return variants?.map((variant) =>
    typeof variant.ModelName === 'string' ? { ...variant, ModelName: nameIn(variant.ModelName) } : variant,
  );
}
