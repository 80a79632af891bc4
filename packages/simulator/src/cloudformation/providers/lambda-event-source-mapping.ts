import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { arn } from '../../core/account.ts';
import type { Provider } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { without } from './calls.ts';

/** Properties that an update removes by setting them to an empty object. */
const REMOVABLE = ['ScalingConfig', 'FilterCriteria', 'DestinationConfig'] as const;

/** Only queues are simulated as sources. A mapping of a stream or topic is recorded. */
const isRecorded = ({ EventSourceArn }: MappingProperties) => !/^arn:[\w-]+:sqs:/.test(String(EventSourceArn));

type MappingProperties = TaggedProperties & {
  readonly EventSourceArn?: string;
  readonly FunctionResponseTypes?: readonly string[];
} & { readonly [name in (typeof REMOVABLE)[number]]?: object };

/** AWS::Lambda::EventSourceMapping. */
export const lambdaEventSourceMapping: Provider<MappingProperties> = {
  replacing: ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp', 'SelfManagedEventSource'],
  tags: 'list',
  async create(properties, context) {
    if (isRecorded(properties)) {
      const id = context.uuid();
      const EventSourceMappingArn = arn(context.account, 'lambda', `event-source-mapping:${id}`);
      return { physicalId: id, attributes: { Id: id, EventSourceMappingArn } };
    }
    const { UUID = '', EventSourceMappingArn } = await context.call<EventSourceMappingConfiguration>(
      'lambda',
      'CreateEventSourceMapping',
      { ...without(properties, 'Tags'), Tags: tagMap(properties.Tags) },
    );
    return { physicalId: UUID, attributes: { Id: UUID, EventSourceMappingArn } };
  },
  async update(handle, properties, old, context) {
    if (isRecorded(properties)) return handle;
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
  async delete({ physicalId }, properties, context) {
    if (isRecorded(properties)) return;
    await context.call('lambda', 'DeleteEventSourceMapping', { UUID: physicalId });
  },
};
