import type { Caller, Operation, Permission } from './cloud.ts';

/**
 * Operations of which each needs the permission of its own name on the resources that `resourceOf` finds in its input,
 * as ARNs or `*`, and the permissions that it finds there.
 */
export function permitted<I>(
  service: string,
  resourceOf: (input: I) => string | readonly (string | Permission)[],
  // biome-ignore lint/suspicious/noExplicitAny: each operation names the type of its input
  runs: Readonly<Record<string, (input: any, caller: Caller) => unknown>>,
): Record<string, Operation<I>> {
  const operations = Object.entries(runs).map(([name, run]): [string, Operation<I>] => {
    const permissions = (input: I) =>
      [resourceOf(input)]
        .flat()
        .map((needed) => (typeof needed === 'string' ? { action: `${service}:${name}`, resource: needed } : needed));
    return [name, { permissions, run }];
  });
  return Object.fromEntries(operations);
}
