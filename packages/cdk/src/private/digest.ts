import { createHash } from 'node:crypto';
import { type CfnResource, Stack } from 'aws-cdk-lib';

const DIGEST_HEX_DIGITS = 8;

/** Eight hex digits that depend on the content of `value` only: on the order of list elements, not on that of keys. */
export function digest8(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, DIGEST_HEX_DIGITS);
}

/** The resource's properties as in the template: after aspects and overrides, with tokens as intrinsic functions. */
export function renderedProperties(resource: CfnResource): Record<string, unknown> {
  const template = Stack.of(resource).resolve(resource._toCloudFormation()) as {
    Resources?: Record<string, { Properties?: Record<string, unknown> }>;
  };
  return Object.values(template.Resources ?? {})[0]?.Properties ?? {};
}

/**
 * A function that returns the result of `produce`, and an empty text when `produce` calls it again.
 *
 * Rendering a resource resolves its name or logical id, which needs the digest of the rendered resource. The inner call
 * ends that recursion. Names are not part of the digest, so the result does not depend on it.
 */
export function guarded(produce: () => string): () => string {
  let isProducing = false;
  return () => {
    if (isProducing) return '';
    isProducing = true;
    try {
      return produce();
    } finally {
      isProducing = false;
    }
  };
}

/** The properties except those with the given names. */
export function omitProperties(properties: Record<string, unknown>, ...names: string[]): Record<string, unknown> {
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
