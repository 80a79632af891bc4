import { AwsError } from '../core/aws-error.ts';

/**
 * The names and indices of a path such as `$.detail.object.key`, `$.resources[0]` or `$['detail-type']`.
 * Throws AwsError ValidationException.
 */
export function parsePath(path: string): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /\.([^.[\]*]+)|\[(\d+)\]|\['([^']+)'\]/y;
  if (!path.startsWith('$')) throw invalidPath(path);
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) throw invalidPath(path);
    const [, dotted, index, quoted] = found;
    steps.push(index === undefined ? (dotted ?? quoted ?? '') : Number(index));
  }
  return steps;
}

/** The value at the path; undefined if there is none. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

function invalidPath(path: string): AwsError {
  return new AwsError('ValidationException', `Parameter ${path} is not valid. Reason: Invalid JSONPath syntax.`);
}
