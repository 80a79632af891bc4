import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Answers cdk-nag's findings about the resources of a policy that are named with a wildcard. Only when the app is
 * validated: before that, a bucket of another stack has no name that cdk-nag would show.
 */
export function acknowledgeWildcards(policy: Construct, resources: () => readonly string[], why: string): void {
  policy.node.addValidation({
    validate: () => {
      for (const resource of new Set(resources())) {
        if (resource.includes('*')) acknowledge(policy, shownAsText(Stack.of(policy).resolve(resource)), why);
      }
      return [];
    },
  });
}

/** Not with `Validations.acknowledge`, which rejects ids that contain `::` twice. */
function acknowledge(policy: Construct, resource: string, why: string): void {
  const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
  policy.node.addMetadata(key, { [`AwsSolutions-IAM5[Resource::${resource}]`]: why });
}

interface RenderedReference {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::ImportValue'?: string;
  readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
}

/** A rendered text as cdk-nag shows it: each reference in angle brackets, except the names of exports. */
function shownAsText(rendered: unknown): string {
  if (typeof rendered === 'string') return rendered;
  const { Ref, 'Fn::GetAtt': att, 'Fn::ImportValue': exported, 'Fn::Join': join } = rendered as RenderedReference;
  if (join) return join[1].map(shownAsText).join(join[0]);
  return exported ?? `<${Ref ?? att?.join('.') ?? ''}>`;
}
