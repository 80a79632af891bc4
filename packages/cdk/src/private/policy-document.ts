import type { BoundedText } from './bounded-arns';
import type { Permit } from './permits';

/** Length of a managed policy that IAM accepts, in characters without white space. */
export const MAX_POLICY_CHARACTERS = 6144;

/** The policy document that grants the permits. */
export function policyDocumentOf(permits: readonly Permit[], render = ({ text }: BoundedText): string => text): object {
  return { Version: '2012-10-17', Statement: statements(permits, render) };
}

/** Length of the policy document once deployed, in characters, when every token has its maximum length. */
export function maxPolicyLength(permits: readonly Permit[]): number {
  return JSON.stringify(policyDocumentOf(permits, ({ maxLength }) => 'x'.repeat(maxLength))).length;
}

interface StatementGroup {
  readonly actions: readonly string[];
  readonly resources: Map<string, BoundedText>;
  readonly prefixes: Map<string, BoundedText>;
  readonly condition?: object;
}

/**
 * One statement per set of actions and condition, and per bucket for listings restricted to prefixes. Each text occurs
 * once.
 */
function statements(permits: readonly Permit[], render: (text: BoundedText) => string): object[] {
  const groups = new Map<string, StatementGroup>();
  for (const { actions, resource, prefix, condition } of permits) {
    const id = JSON.stringify([actions, prefix && resource.text, condition]);
    const group = groups.get(id) ?? { actions, resources: new Map(), prefixes: new Map(), condition };
    groups.set(id, group);
    group.resources.set(resource.text, resource);
    if (prefix) group.prefixes.set(prefix.text, prefix);
  }
  return [...groups.values()].map(({ actions, resources, prefixes, condition }) => ({
    Effect: 'Allow',
    Action: [...actions],
    Resource: [...resources.values()].map(render),
    ...(condition && { Condition: condition }),
    ...(prefixes.size > 0 && { Condition: { StringEquals: { 's3:prefix': [...prefixes.values()].map(render) } } }),
  }));
}
