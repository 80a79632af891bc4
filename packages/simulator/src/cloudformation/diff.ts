import { canonicalJson } from './canonical-json.ts';
import type { Properties, Provider, Replacing } from './provider.ts';

/** The way to update a resource whose type stays. */
export type UpdateKind = 'none' | 'update' | 'replace';

/** The names of the top-level properties that differ, sorted. */
export function changedProperties(before: Properties, after: Properties): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => canonicalJson(before[name]) !== canonicalJson(after[name])).sort();
}

/** How to update a resource from the resolved properties `before` to `after`. */
export function updateKindOf(provider: Provider, before: Properties, after: Properties): UpdateKind {
  const changed = changedProperties(before, after);
  if (changed.length === 0) return 'none';
  return changed.some((name) => isReplacing(provider.replacing, name)) ? 'replace' : 'update';
}

/** Whether a change of the property `name` needs a new resource. */
export function isReplacing(replacing: Replacing, name: string): boolean {
  return 'allBut' in replacing ? !replacing.allBut.includes(name) : replacing.includes(name);
}
