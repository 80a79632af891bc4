import type { Provider } from '../provider.ts';
import { nameOf } from './calls.ts';
import { updateTags } from './sagemaker-tags.ts';

/** AWS::SageMaker::Model. Ref is the ARN; every property goes to CreateModel as it is. */
export const sagemakerModel: Provider = {
  replacing: { allBut: ['Tags'] },
  nameProperty: 'ModelName',
  tags: 'list',
  async create(properties, context) {
    const ModelName: string = properties.ModelName ?? context.name({ maxLength: 63, stackName: false });
    const { ModelArn } = await context.call('sagemaker', 'CreateModel', { ...properties, ModelName });
    return { physicalId: ModelArn, attributes: { ModelName, ModelArn } };
  },
  async update(handle, properties, old, context) {
    await updateTags(handle.physicalId, properties, old, context);
    return handle;
  },
  async delete({ physicalId, attributes }, _properties, context) {
    await context.call('sagemaker', 'DeleteModel', { ModelName: attributes.ModelName ?? nameOf(physicalId) });
  },
};
