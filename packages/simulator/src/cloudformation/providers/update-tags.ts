import type { Tag } from '../../core/tags.ts';
import type { ProviderContext } from '../provider.ts';
import { tagChanges, tagMap } from '../tags.ts';
import { recordWith } from './calls.ts';

/** The operations that remove and set tags. */
const TAGGING = {
  iam: ['UntagRole', 'TagRole'],
  lambda: ['UntagResource', 'TagResource'],
  sagemaker: ['DeleteTags', 'AddTags'],
  sqs: ['UntagQueue', 'TagQueue'],
  ssm: ['RemoveTagsFromResource', 'AddTagsToResource'],
} as const;

/** Services that take tags as a map. */
const WITH_MAPS: ReadonlySet<string> = new Set(['lambda', 'sqs']);

/** Changes the tags of a resource, which the members of `resource` name. */
export async function updateTags(
  service: keyof typeof TAGGING,
  resource: object,
  tags: { readonly old: readonly Tag[] | undefined; readonly now: readonly Tag[] | undefined },
  context: ProviderContext,
): Promise<void> {
  const [untag, tag] = TAGGING[service];
  const { set, removed } = tagChanges(tags.old, tags.now);
  if (removed.length > 0) await recordWith(context, service, untag, { ...resource, TagKeys: removed });
  const Tags = WITH_MAPS.has(service) ? tagMap(set) : set;
  if (set.length > 0) await recordWith(context, service, tag, { ...resource, Tags });
}
