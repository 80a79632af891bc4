import type { Provider } from '../provider.ts';
import { tagMap } from '../tags.ts';
import { without } from './calls.ts';

/** AWS::Lambda::EventSourceMapping. */
export const lambdaEventSourceMapping: Provider = {
  replacing: ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp', 'SelfManagedEventSource'],
  tags: 'list',
  async create(properties, context) {
    const { UUID, EventSourceMappingArn } = await context.call('lambda', 'CreateEventSourceMapping', {
      ...without(properties, 'Tags'),
      Tags: tagMap(properties.Tags),
    });
    return { physicalId: UUID, attributes: { Id: UUID, EventSourceMappingArn } };
  },
  async update(handle, properties, old, context) {
    // An empty setting is the API's way to take one back.
    const reset = ['ScalingConfig', 'FilterCriteria', 'DestinationConfig'].filter(
      (name) => old[name] !== undefined && properties[name] === undefined,
    );
    await context.call('lambda', 'UpdateEventSourceMapping', {
      ...without(properties, 'Tags', 'EventSourceArn'),
      ...Object.fromEntries(reset.map((name) => [name, {}])),
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
