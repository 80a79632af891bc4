import { canonicalJson } from '../canonical-json.ts';
import { isReplacing } from '../diff.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { EngineContext } from '../stack-run.ts';

/** `Change` of DescribeChangeSet. */
export interface Change {
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
 * What a deployment is expected to change, from the templates' texts alone: what follows from a replaced resource's new values is only
 * known when it happens.
 */
export function expectedChanges(stack: Stack, desired: DesiredStack, engine: EngineContext): Change[] {
  const before = stack.deployed?.template.resources ?? new Map();
  const changes: Change[] = [];
  for (const [id, next] of desired.template.resources) {
    const old = before.get(id);
    if (!old) {
      changes.push(change({ Action: 'Add', LogicalResourceId: id, ResourceType: next.Type }));
      continue;
    }
    const names = [...new Set([...Object.keys(old.Properties ?? {}), ...Object.keys(next.Properties ?? {})])].filter(
      (name) => canonicalJson(old.Properties?.[name]) !== canonicalJson(next.Properties?.[name]),
    );
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

const change = (ResourceChange: Change['ResourceChange']): Change => ({ Type: 'Resource', ResourceChange });
