import type { Properties, Provider } from './provider.ts';

/** A tag as CloudFormation's lists write it. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** `properties` with the stack's tags added in the way that the type writes tags; the resource's own win. */
export function withStackTags(provider: Provider, properties: Properties, stackTags: readonly Tag[]): Properties {
  if (provider.tags === undefined || stackTags.length === 0) return properties;
  if (provider.tags === 'map') return { ...properties, Tags: { ...tagMap(stackTags), ...properties.Tags } };
  const own = (properties.Tags ?? []) as readonly Tag[];
  const keys = new Set(own.map((tag) => tag.Key));
  return { ...properties, Tags: [...own, ...stackTags.filter((tag) => !keys.has(tag.Key))] };
}

/** `[{Key, Value}]` → `{key: value}`. */
export function tagMap(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key, String(tag.Value)]));
}

/** What a tag update must set and take away. */
export function tagChanges(
  before: readonly Tag[] | undefined,
  after: readonly Tag[] | undefined,
): { readonly set: Tag[]; readonly removed: string[] } {
  const old = tagMap(before);
  const wanted = tagMap(after);
  return {
    set: (after ?? []).filter((tag) => old[tag.Key] !== String(tag.Value)),
    removed: Object.keys(old).filter((key) => !Object.hasOwn(wanted, key)),
  };
}
