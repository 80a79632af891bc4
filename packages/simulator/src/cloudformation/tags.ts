import { type Tag, tagList } from '../core/tags.ts';
import type { Handle, Properties, Provider, ProviderContext } from './provider.ts';

/** How a service takes tags. */
interface Tagging {
  readonly isMap?: boolean;
  /** The member of the operation that creates a resource. @default Tags */
  readonly member?: string;
  /** The operations that set and remove tags later. @default tags are those of the creation */
  readonly tag?: string;
  readonly untag?: string;
  /** The members that name the resource there. */
  readonly resource?: (id: string, attributes: Properties) => object;
}

const TAGGING: Readonly<Record<string, Tagging>> = {
  iam: { tag: 'TagRole', untag: 'UntagRole', resource: (RoleName) => ({ RoleName }) },
  lambda: {
    isMap: true,
    tag: 'TagResource',
    untag: 'UntagResource',
    resource: (_id, { Arn, EventSourceMappingArn: Resource = Arn }) => ({ Resource }),
  },
  logs: { isMap: true, member: 'tags' },
  sagemaker: { tag: 'AddTags', untag: 'DeleteTags', resource: (ResourceArn) => ({ ResourceArn }) },
  sqs: { isMap: true, member: 'tags', tag: 'TagQueue', untag: 'UntagQueue', resource: (QueueUrl) => ({ QueueUrl }) },
  ssm: {
    tag: 'AddTagsToResource',
    untag: 'RemoveTagsFromResource',
    resource: (ResourceId) => ({ ResourceType: 'Parameter', ResourceId }),
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
  const tagging = TAGGING[service];
  if (!tagging || properties.Tags === undefined) return {};
  const tags = tagsOf(properties);
  return { [tagging.member ?? 'Tags']: tagging.isMap ? tagMap(tags) : tags };
}

/** Changes the tags of a resource. */
export async function updateTags(
  service: string,
  { physicalId, attributes }: Handle,
  { now, old }: { readonly now: Properties; readonly old: Properties },
  context: ProviderContext,
): Promise<void> {
  const { isMap, tag, untag, resource } = TAGGING[service] ?? {};
  if (!tag || !untag) return;
  const [before, after] = [tagMap(tagsOf(old)), tagMap(tagsOf(now))];
  const TagKeys = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const set = tagsOf(now).filter(({ Key, Value }) => before[Key] !== Value);
  const named = resource?.(physicalId, attributes);
  if (TagKeys.length > 0) await context.call(service, untag, { ...named, TagKeys });
  if (set.length > 0) await context.call(service, tag, { ...named, Tags: isMap ? tagMap(set) : set });
}
