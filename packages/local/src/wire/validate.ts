import type { NormalizedSchema } from '@smithy/core/schema';

type Path = readonly string[];

/** What is wrong with an input, as paths of members: `['ProductionVariants', '1', 'member', 'ModelName']`. */
export interface InvalidMembers {
  /** Those that the model requires and the input has not. */
  readonly missing: Path[];
  /** Those of the given names that the input has. */
  readonly refused: Path[];
}

/** Checks an input against its model, and for members with one of the names of `refused`. */
export function invalidMembers(
  schema: NormalizedSchema,
  value: unknown,
  refused: ReadonlySet<string> = new Set(),
): InvalidMembers {
  const found: InvalidMembers = { missing: [], refused: [] };
  const check = (shape: NormalizedSchema, given: unknown, path: Path): void => {
    if (given === undefined || given === null) return;
    if (shape.isListSchema() || shape.isMapSchema()) {
      const item = shape.getValueSchema();
      for (const [key, entry] of Object.entries(given)) {
        check(item, entry, [...path, shape.isListSchema() ? String(Number(key) + 1) : key, 'member']);
      }
    }
    if (!shape.isStructSchema()) return;
    const required = requiredCount(shape);
    let at = 0;
    for (const [name, member] of shape.structIterator()) {
      const inner = (given as Record<string, unknown>)[name];
      at += 1;
      if (inner === undefined || inner === null) {
        if (at <= required) found.missing.push([...path, name]);
        continue;
      }
      const innerPath = [...path, name];
      if (refused.has(name) && !isEmpty(inner)) found.refused.push(innerPath);
      check(member, inner, innerPath);
    }
  };
  check(schema, value, []);
  return found;
}

/** Whether a member asks for nothing. */
function isEmpty(value: unknown): boolean {
  if (value instanceof Date) return false;
  return value === '' || value === false || (Object(value) === value && isBare(value as object));
}

const isBare = (value: object): boolean => Object.keys(value).length === 0;

/** The required members of a structure come first in its schema; their number is last. */
export function requiredCount(schema: NormalizedSchema): number {
  const count = (schema.getSchema() as readonly unknown[])[6];
  return typeof count === 'number' ? count : 0;
}
