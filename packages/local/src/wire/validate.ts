import type { NormalizedSchema } from '@smithy/core/schema';

type Path = readonly string[];

/** Paths of the members that the model requires and the input has not: `['ProductionVariants', '1', 'member', …]`. */
export function missingMembers(schema: NormalizedSchema, value: unknown, path: Path = []): Path[] {
  if (value === undefined || value === null) return [];
  if (schema.isListSchema() || schema.isMapSchema()) {
    const item = schema.getValueSchema();
    const keyOf = (key: string) => (schema.isListSchema() ? String(Number(key) + 1) : key);
    return Object.entries(value).flatMap(([key, entry]) =>
      missingMembers(item, entry, [...path, keyOf(key), 'member']),
    );
  }
  if (!schema.isStructSchema()) return [];
  const required = requiredCount(schema);
  return [...schema.structIterator()].flatMap(([name, member], at) => {
    const given = (value as Record<string, unknown>)[name];
    if (at < required && (given === undefined || given === null)) return [[...path, name]];
    return missingMembers(member, given, [...path, name]);
  });
}

/** The required members of a structure come first in its schema; their number is last. */
export function requiredCount(schema: NormalizedSchema): number {
  const count = (schema.getSchema() as readonly unknown[])[6];
  return typeof count === 'number' ? count : 0;
}
