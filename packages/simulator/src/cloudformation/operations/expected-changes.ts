import type { PreparedTemplate } from '../prepared-template.ts';
import { changedProperties, isReplacing } from '../provider.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { EngineContext } from '../stack-run.ts';

/** `Change` of DescribeChangeSet. */
export interface ResourceChange {
  readonly Type: 'Resource';
  readonly ResourceChange: {
    readonly Action: 'Add' | 'Modify' | 'Remove';
    readonly LogicalResourceId: string;
    readonly PhysicalResourceId?: string;
    readonly ResourceType: string;
    readonly Replacement?: 'True' | 'False';
    readonly Scope?: readonly string[];
    readonly Details?: readonly object[];
  };
}

/**
 * The expected changes of a deployment, from the templates' texts alone: changes that follow from the new values of a
 * replaced resource are not known in advance.
 */
export function expectedChanges(stack: Stack, desired: DesiredStack, engine: EngineContext): ResourceChange[] {
  const before: PreparedTemplate['resources'] = stack.deployed?.template.resources ?? new Map();
  const changes: ResourceChange[] = [];
  for (const [id, next] of desired.template.resources) {
    const old = before.get(id);
    if (!old) {
      changes.push(change({ Action: 'Add', LogicalResourceId: id, ResourceType: next.Type }));
      continue;
    }
    const names = changedProperties(old.Properties ?? {}, next.Properties ?? {});
    if (names.length === 0) continue;
    const { replacing } = engine.provider(next.Type);
    changes.push(
      change({
        Action: 'Modify',
        LogicalResourceId: id,
        PhysicalResourceId: stack.resources.get(id)?.handle?.physicalId,
        ResourceType: next.Type,
        Replacement: names.some((name) => isReplacing(replacing, name)) ? 'True' : 'False',
        Scope: ['Properties'],
        Details: names.map((Name) => ({
          Target: {
            Attribute: 'Properties',
            Name,
            RequiresRecreation: isReplacing(replacing, Name) ? 'Always' : 'Never',
          },
          Evaluation: 'Static',
          ChangeSource: 'DirectModification',
        })),
      }),
    );
  }
  for (const [id, old] of before) {
    if (desired.template.resources.has(id)) continue;
    const PhysicalResourceId = stack.resources.get(id)?.handle?.physicalId;
    changes.push(change({ Action: 'Remove', LogicalResourceId: id, PhysicalResourceId, ResourceType: old.Type }));
  }
  return changes;
}

const change = (details: ResourceChange['ResourceChange']): ResourceChange => ({
  Type: 'Resource',
  ResourceChange: details,
});
