import type { Change, ResourceChange } from '@aws-sdk/client-cloudformation';
import { preparedAgain } from '../engine.ts';
import { changedProperties, isReplacing } from '../provider.ts';
import type { DesiredStack, Stack } from '../stack.ts';
import type { EngineContext } from '../stack-run.ts';

/**
 * The expected changes of a deployment, from the templates' texts alone: changes that follow from the new values of a
 * replaced resource are not known in advance.
 */
export function expectedChanges(stack: Stack, desired: DesiredStack, engine: EngineContext): Change[] {
  const before = stack.deployed && preparedAgain(stack.deployed).resources;
  const changes = [...desired.resources].flatMap(([id, next]): ResourceChange[] => {
    const named = { LogicalResourceId: id, ResourceType: next.Type };
    const old = before?.get(id);
    if (!old) return [{ Action: 'Add', ...named }];
    const names = changedProperties(old.Properties ?? {}, next.Properties ?? {});
    if (names.length === 0) return [];
    const { replacing } = engine.provider(next.Type);
    const isReplaced = names.some((name) => isReplacing(replacing, name));
    return [
      {
        Action: 'Modify',
        ...named,
        PhysicalResourceId: stack.resources.get(id)?.handle?.physicalId,
        Replacement: isReplaced ? 'True' : 'False',
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
      },
    ];
  });
  const removed = [...(before ?? [])].filter(([id]) => !desired.resources.has(id));
  return [
    ...changes,
    ...removed.map(([id, { Type }]): ResourceChange => {
      const PhysicalResourceId = stack.resources.get(id)?.handle?.physicalId;
      return { Action: 'Remove', LogicalResourceId: id, PhysicalResourceId, ResourceType: Type };
    }),
  ].map((change) => ({ Type: 'Resource', ResourceChange: change }));
}
