import { type Tag, tagList } from '../../core/tags.ts';
import type { Provider } from '../provider.ts';
import { without } from './calls.ts';
import { updateTags } from './update-tags.ts';

type ParameterProperties = {
  readonly Name?: string;
  readonly Type?: string;
  readonly Value?: string;
  readonly Tags?: Readonly<Record<string, string>>;
};

/** AWS::SSM::Parameter. Its Tags are a map, unlike those of most types. */
export const ssmParameter: Provider<ParameterProperties> = {
  replacing: ['Name', 'DataType'],
  nameProperty: 'Name',
  tags: 'map',
  async create(properties, context) {
    const Name = properties.Name ?? context.name({ maxLength: 128, stackName: false, prefix: 'CFN-' });
    await context.call('ssm', 'PutParameter', {
      ...without(properties, 'Tags'),
      Name,
      Overwrite: false,
      Tags: tagTexts(properties.Tags),
    });
    return { physicalId: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async update(handle, properties, old, context) {
    const Name = handle.physicalId;
    await context.call('ssm', 'PutParameter', { ...without(properties, 'Tags'), Name, Overwrite: true });
    const resource = { ResourceType: 'Parameter', ResourceId: Name };
    await updateTags('ssm', resource, { old: tagTexts(old.Tags), now: tagTexts(properties.Tags) }, context);
    return { physicalId: Name, attributes: { Type: properties.Type, Value: properties.Value } };
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('ssm', 'DeleteParameter', { Name: physicalId });
  },
};

function tagTexts(tags: ParameterProperties['Tags']): Tag[] {
  return tagList(Object.entries(tags ?? {}).map(([key, value]) => [key, String(value)]));
}
