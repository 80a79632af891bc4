import type { Provider } from '../provider.ts';
import { tagChanges } from '../tags.ts';
import { recordWith, without } from './calls.ts';

/** AWS::SSM::Parameter; its Tags are a map, unlike most types'. */
export const ssmParameter: Provider = {
  replacing: ['Name', 'DataType'],
  nameProperty: 'Name',
  tags: 'map',
  async create(properties, context) {
    const Name: string = properties.Name ?? context.name({ maxLength: 128, stackName: false, prefix: 'CFN-' });
    await context.call('ssm', 'PutParameter', {
      ...without(properties, 'Tags'),
      Name,
      Overwrite: false,
      Tags: listOf(properties.Tags),
    });
    return { physicalId: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async update(handle, properties, old, context) {
    const Name = handle.physicalId;
    await context.call('ssm', 'PutParameter', { ...without(properties, 'Tags'), Name, Overwrite: true });
    const { set, removed } = tagChanges(listOf(old.Tags), listOf(properties.Tags));
    const resource = { ResourceType: 'Parameter', ResourceId: Name };
    if (removed.length > 0) {
      await recordWith(context, 'ssm', 'RemoveTagsFromResource', { ...resource, TagKeys: removed });
    }
    if (set.length > 0) await recordWith(context, 'ssm', 'AddTagsToResource', { ...resource, Tags: set });
    return { physicalId: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('ssm', 'DeleteParameter', { Name: physicalId });
  },
};

function listOf(tags: Readonly<Record<string, string>> | undefined) {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value: String(Value) }));
}
