/** A tag as most of AWS's APIs write it. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** `{key: value}` → `[{Key, Value}]` */
export function tagList(tags: Iterable<readonly [string, string]>): Tag[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}
