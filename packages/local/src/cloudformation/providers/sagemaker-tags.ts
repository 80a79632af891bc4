import type { Properties, ProviderContext } from '../provider.ts';
import { tagChanges } from '../tags.ts';

/** Brings the tags of a SageMaker resource from `old` to `now`. */
export async function updateTags(ResourceArn: string, now: Properties, old: Properties, context: ProviderContext) {
  const { set, removed } = tagChanges(old.Tags, now.Tags);
  if (removed.length > 0) await context.call('sagemaker', 'DeleteTags', { ResourceArn, TagKeys: removed });
  if (set.length > 0) await context.call('sagemaker', 'AddTags', { ResourceArn, Tags: set });
}
