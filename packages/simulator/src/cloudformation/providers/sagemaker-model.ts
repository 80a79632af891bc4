import type { CreateModelOutput } from '@aws-sdk/client-sagemaker';
import type { Provider } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { nameIn } from './calls.ts';
import { updateSageMakerTags } from './sagemaker-tags.ts';

type ModelProperties = TaggedProperties & { readonly ModelName?: string };

/** AWS::SageMaker::Model. Ref is the ARN; every property goes to CreateModel as it is. */
export const sagemakerModel: Provider<ModelProperties> = {
  replacing: { allBut: ['Tags'] },
  nameProperty: 'ModelName',
  tags: 'list',
  async create(properties, context) {
    const ModelName = properties.ModelName ?? context.name({ maxLength: 63, stackName: false });
    const { ModelArn = '' } = await context.call<CreateModelOutput>('sagemaker', 'CreateModel', {
      ...properties,
      ModelName,
    });
    return { physicalId: ModelArn, attributes: { ModelName, ModelArn } };
  },
  async update(handle, properties, old, context) {
    await updateSageMakerTags(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId, attributes }, _properties, context) {
    await context.call('sagemaker', 'DeleteModel', { ModelName: attributes.ModelName ?? nameIn(physicalId) });
  },
};
