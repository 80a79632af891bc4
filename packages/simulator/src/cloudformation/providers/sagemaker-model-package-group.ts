import type { CreateModelPackageGroupOutput } from '@aws-sdk/client-sagemaker';
import type { Provider, ProviderContext } from '../provider.ts';
import type { TaggedProperties } from '../tags.ts';
import { jsonText, without } from './calls.ts';
import { updateTags } from './update-tags.ts';

type GroupProperties = TaggedProperties & {
  readonly ModelPackageGroupName?: string;
  readonly ModelPackageGroupPolicy?: unknown;
};

const POLICY = 'ModelPackageGroupPolicy';

/** AWS::SageMaker::ModelPackageGroup. Ref is the ARN. A group with packages cannot be deleted. */
export const sagemakerModelPackageGroup: Provider<GroupProperties> = {
  replacing: { allBut: ['Tags', POLICY] },
  nameProperty: 'ModelPackageGroupName',
  tags: 'list',
  async create(properties, context) {
    const { ModelPackageGroupArn = '' } = await context.call<CreateModelPackageGroupOutput>(
      'sagemaker',
      'CreateModelPackageGroup',
      without(properties, POLICY),
    );
    const handle = { physicalId: ModelPackageGroupArn, attributes: { ModelPackageGroupArn } };
    context.identified(handle);
    await putPolicy(properties, context);
    return handle;
  },
  async update(handle, properties, old, context) {
    const { ModelPackageGroupName, ModelPackageGroupPolicy: policy } = properties;
    await updateTags('sagemaker', { ResourceArn: handle.physicalId }, { old: old.Tags, now: properties.Tags }, context);
    await putPolicy(properties, context);
    if (policy === undefined && old.ModelPackageGroupPolicy !== undefined) {
      await context.call('sagemaker', 'DeleteModelPackageGroupPolicy', { ModelPackageGroupName });
    }
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('sagemaker', 'DeleteModelPackageGroup', { ModelPackageGroupName: physicalId });
  },
};

async function putPolicy(
  { ModelPackageGroupName, ModelPackageGroupPolicy: policy }: GroupProperties,
  context: ProviderContext,
): Promise<void> {
  if (policy === undefined) return;
  const input = { ModelPackageGroupName, ResourcePolicy: jsonText(policy) };
  await context.call('sagemaker', 'PutModelPackageGroupPolicy', input);
}
