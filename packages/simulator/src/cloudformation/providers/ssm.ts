import type { Properties, Provider } from '../provider.ts';
import { apiType, without } from './api-type.ts';

const parameter = apiType({
  service: 'ssm',
  create: 'PutParameter',
  remove: 'DeleteParameter',
  nameProperty: 'Name',
  nameRule: { maxLength: 128, stackName: false, prefix: 'CFN-' },
  replacing: ['Name', 'DataType'],
  tags: 'map',
  input: (properties) => ({ ...properties, Overwrite: false }),
  update: (Name, properties, _old, context) =>
    context.call('ssm', 'PutParameter', { ...without(properties, 'Tags'), Name, Overwrite: true }),
});

const attributesOf = ({ Type, Value }: Properties) => ({ Type, Value });

/** Parameters. Their Tags are a map, unlike those of most types. */
export const ssmTypes: Readonly<Record<string, Provider>> = {
  'AWS::SSM::Parameter': {
    ...parameter,
    create: async (properties, context) => ({
      ...(await parameter.create(properties, context)),
      attributes: attributesOf(properties),
    }),
    update: async (handle, properties, old, context) => ({
      ...(await parameter.update(handle, properties, old, context)),
      attributes: attributesOf(properties),
    }),
  },
};
