import { createHash } from 'node:crypto';
import { type CfnResource, Stack } from 'aws-cdk-lib';

/** Eight hex digits that follow from the content of `value` alone: the order of keys does not matter, that of lists does. */
export function digest8(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, 8);
}

/** The resource's properties as the template will show them: with aspects and overrides, tokens as intrinsics. */
export function renderedProperties(resource: CfnResource): Record<string, unknown> {
  const template = Stack.of(resource).resolve(resource._toCloudFormation()) as {
    Resources?: Record<string, { Properties?: Record<string, unknown> }>;
  };
  return Object.values(template.Resources ?? {})[0]?.Properties ?? {};
}

/**
 * A function that returns what `produce` does, and `meanwhile` while it is at it.
 *
 * Rendering a resource asks for its name or logical id, which asks for the digest of what is rendered: the inner call
 * gets `meanwhile`. The names are not part of what is digested, so the outer result does not depend on it.
 */
export function guarded(produce: () => string, meanwhile = ''): () => string {
  let producing = false;
  return () => {
    if (producing) return meanwhile;
    producing = true;
    try {
      return produce();
    } finally {
      producing = false;
    }
  };
}

/** `properties` without those named. */
export function without(properties: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
