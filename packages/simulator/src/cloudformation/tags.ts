import { type Tag, tagList } from '../core/tags.ts';
import type { Handle, Properties, Provider, ProviderContext } from './provider.ts';

/** How a service takes tags. */
interface Tagging {
  readonly isMap?: boolean;
  /** The member of the operation that creates a resource. */
  readonly member: 'Tags' | 'tags';
  /** The operations that remove and set tags later, and the members that name the resource there. */
  readonly change?: readonly [untag: string, tag: string, resource: (handle: Handle) => object];
}

const TAGGING: Readonly<Record<string, Tagging>> = {
  iam: { member: 'Tags', change: ['UntagRole', 'TagRole', ({ physicalId }) => ({ RoleName: physicalId })] },
  lambda: {
    isMap: true,
    member: 'Tags',
    change: ['UntagResource', 'TagResource', ({ attributes }) => ({ Resource: attributes.Arn })],
  },
  logs: { isMap: true, member: 'tags' },
  sagemaker: { member: 'Tags', change: ['DeleteTags', 'AddTags', ({ physicalId }) => ({ ResourceArn: physicalId })] },
  sqs: {
    isMap: true,
    member: 'tags',
    change: ['UntagQueue', 'TagQueue', ({ physicalId }) => ({ QueueUrl: physicalId })],
  },
  ssm: {
    member: 'Tags',
    change: [
      'RemoveTagsFromResource',
      'AddTagsToResource',
      ({ physicalId }) => ({ ResourceType: 'Parameter', ResourceId: physicalId }),
    ],
  },
};

/** `properties` with the stack's tags added, as the type writes tags. The resource's own tags take precedence. */
export function withStackTags({ tags: form }: Provider, properties: Properties, stackTags: readonly Tag[]): Properties {
  if (form === undefined || stackTags.length === 0) return properties;
  const own = tagsOf(properties);
  const keys = new Set(own.map(({ Key }) => Key));
  const all = [...own, ...stackTags.filter(({ Key }) => !keys.has(Key))];
  return { ...properties, Tags: form === 'map' ? tagMap(all) : all };
}

/** The tags of a resource, which its properties write as a list or a map. */
export function tagsOf({ Tags = [] }: Properties): Tag[] {
  const entries = Array.isArray(Tags) ? Tags.map(({ Key, Value }) => [Key, Value]) : Object.entries(Tags as object);
  return tagList(entries.map(([key, value]) => [key, String(value)]));
}

const tagMap = (tags: readonly Tag[]) => Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));

/** The member with the tags, for the operation that creates the resource. */
export function tagsAtCreation(service: string, properties: Properties): object {
  const tagging = properties.Tags === undefined ? undefined : TAGGING[service];
  const tags = tagsOf(properties);
  return tagging ? { [tagging.member]: tagging.isMap ? tagMap(tags) : tags } : {};
}

/** Changes the tags of a resource. */
export async function updateTags(
  service: string,
  handle: Handle,
  { now, old }: { readonly now: Properties; readonly old: Properties },
  context: ProviderContext,
): Promise<void> {
  const { isMap, change } = TAGGING[service] ?? {};
  if (!change) return;
  const [untag, tag, resource] = change;
  const [before, after] = [tagMap(tagsOf(old)), tagMap(tagsOf(now))];
  const TagKeys = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const set = tagsOf(now).filter(({ Key, Value }) => before[Key] !== Value);
  if (TagKeys.length > 0) await context.call(service, untag, { ...resource(handle), TagKeys });
  if (set.length > 0) await context.call(service, tag, { ...resource(handle), Tags: isMap ? tagMap(set) : set });
}
