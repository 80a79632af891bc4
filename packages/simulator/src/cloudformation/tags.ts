import type { Tag } from '../core/tags.ts';
import type { Properties, Provider } from './provider.ts';

/** The properties of a type that writes tags as a list. */
export type TaggedProperties = { readonly Tags?: readonly Tag[] };

/** `properties` with the stack's tags added, as the type writes tags. The resource's own tags take precedence. */
export function withStackTags(provider: Provider, properties: Properties, stackTags: readonly Tag[]): Properties {
  if (provider.tags === undefined || stackTags.length === 0) return properties;
  if (provider.tags === 'map') {
    return {
      ...properties,
      Tags: { ...tagMap(stackTags), ...(properties.Tags as Record<string, string> | undefined) },
    };
  }
  const own = (properties.Tags ?? []) as readonly Tag[];
  const keys = new Set(own.map((tag) => tag.Key));
  return { ...properties, Tags: [...own, ...stackTags.filter((tag) => !keys.has(tag.Key))] };
}

/** `[{Key, Value}]` → `{key: value}`. */
export function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key, String(tag.Value)]));
}

/** The tags to set and the keys to remove in an update. */
export function tagChanges(
  before: readonly Tag[] | undefined,
  after: readonly Tag[] | undefined,
): { readonly set: Tag[]; readonly removed: string[] } {
  const old = tagMap(before);
  const current = tagMap(after);
  return {
    set: (after ?? []).filter((tag) => old[tag.Key] !== String(tag.Value)),
    removed: Object.keys(old).filter((key) => !Object.hasOwn(current, key)),
  };
}
