import type { Stack } from 'aws-cdk-lib';
import { Template } from './stacks.ts';

/** Logical ids of all resources that the matching ones depend on, directly or indirectly. */
export function dependenciesOf(stack: Stack, start: RegExp): Set<string> {
  const { Resources } = Template.fromStack(stack).toJSON() as {
    Resources: Record<string, { DependsOn?: string | string[] }>;
  };
  const found = new Set<string>();
  const visit = (id: string) => {
    const text = JSON.stringify(Resources[id]);
    const named = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(([, each]) => each!);
    for (const each of [...named, ...[Resources[id]!.DependsOn ?? []].flat()]) {
      if (!(each in Resources) || found.has(each)) continue;
      found.add(each);
      visit(each);
    }
  };
  for (const id of Object.keys(Resources).filter((each) => start.test(each))) visit(id);
  return found;
}
