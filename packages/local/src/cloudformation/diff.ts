import { canonicalJson } from './canonical-json.ts';
import type { Properties, Provider, Replacing } from './provider.ts';

/** What an update does with a resource whose type stays. */
export type Change = 'none' | 'update' | 'replace';

/** Names of the top-level properties that differ, sorted. */
export function changedProperties(before: Properties, after: Properties): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name])).sort();
}

/** What turning `before` into `after` takes; both resolved. */
export function changeOf(provider: Provider, before: Properties, after: Properties): Change {
  const changed = changedProperties(before, after);
  if (changed.length === 0) return 'none';
  return changed.some((name) => isReplacing(provider.replacing, name)) ? 'replace' : 'update';
}

/** Does a change of the property `name` need a new resource? */
export function isReplacing(replacing: Replacing, name: string): boolean {
  return 'allBut' in replacing ? !replacing.allBut.includes(name) : replacing.includes(name);
}
