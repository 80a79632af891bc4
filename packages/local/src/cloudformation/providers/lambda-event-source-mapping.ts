import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import type { Provider } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { without } from './calls.ts';

/** Properties that an update removes by setting them to an empty object. */
const REMOVABLE = ['ScalingConfig', 'FilterCriteria', 'DestinationConfig'] as const;

type MappingProperties = TaggedProperties & {
  readonly FunctionResponseTypes?: readonly string[];
} & { readonly [name in (typeof REMOVABLE)[number]]?: object };

/** AWS::Lambda::EventSourceMapping. */
export const lambdaEventSourceMapping: Provider<MappingProperties> = {
  replacing: ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp', 'SelfManagedEventSource'],
  tags: 'list',
  async create(properties, context) {
    const { UUID = '', EventSourceMappingArn } = await context.call<EventSourceMappingConfiguration>(
      'lambda',
      'CreateEventSourceMapping',
      { ...without(properties, 'Tags'), Tags: tagMap(properties.Tags) },
    );
    return { physicalId: UUID, attributes: { Id: UUID, EventSourceMappingArn } };
  },
  async update(handle, properties, old, context) {
    const removed = REMOVABLE.filter((name) => old[name] !== undefined && properties[name] === undefined);
    await context.call('lambda', 'UpdateEventSourceMapping', {
      ...without(properties, 'Tags', 'EventSourceArn'),
      ...Object.fromEntries(removed.map((name) => [name, {}])),
      ...(old.FunctionResponseTypes !== undefined &&
        properties.FunctionResponseTypes === undefined && { FunctionResponseTypes: [] }),
      UUID: handle.physicalId,
    });
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('lambda', 'DeleteEventSourceMapping', { UUID: physicalId });
  },
};
