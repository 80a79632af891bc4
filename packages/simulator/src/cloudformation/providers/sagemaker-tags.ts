import type { ProviderContext } from '../provider.ts';
import { type TaggedProperties, tagChanges } from '../tags.ts';

/** Changes the tags of a SageMaker resource from `old` to `now`. */
export async function updateSageMakerTags(
  ResourceArn: string,
  now: TaggedProperties,
  old: TaggedProperties,
  context: ProviderContext,
) {
  const { set, removed } = tagChanges(old.Tags, now.Tags);
  if (removed.length > 0) await context.call('sagemaker', 'DeleteTags', { ResourceArn, TagKeys: removed });
  if (set.length > 0) await context.call('sagemaker', 'AddTags', { ResourceArn, Tags: set });
}
