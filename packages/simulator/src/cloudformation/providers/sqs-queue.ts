import type { CreateQueueResult } from '@aws-sdk/client-sqs';
import { arn } from '../../core/account.ts';
import type { BooleanProperty, Properties, Provider } from '../provider.ts';
import { type TaggedProperties, tagMap } from '../tags.ts';
import { jsonText, refuseExisting } from './calls.ts';
import { updateTags } from './update-tags.ts';

/** The value of an attribute whose property is removed. */
const DEFAULT_ATTRIBUTES: Readonly<Record<string, string>> = {
  DelaySeconds: '0',
  MaximumMessageSize: '262144',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
  RedrivePolicy: '',
  RedriveAllowPolicy: '',
  KmsMasterKeyId: '',
  KmsDataKeyReusePeriodSeconds: '300',
  SqsManagedSseEnabled: 'true',
  ContentBasedDeduplication: 'false',
};

const NOT_ATTRIBUTES = new Set(['QueueName', 'Tags', 'FifoQueue']);

type QueueProperties = TaggedProperties & { readonly QueueName?: string; readonly FifoQueue?: BooleanProperty };

/** AWS::SQS::Queue. */
export const sqsQueue: Provider<QueueProperties> = {
  replacing: ['QueueName', 'FifoQueue'],
  nameProperty: 'QueueName',
  tags: 'list',
  async create(properties, context) {
    const isFifo = String(properties.FifoQueue ?? false) === 'true';
    const QueueName = properties.QueueName ?? context.name({ maxLength: 80, ...(isFifo && { suffix: '.fifo' }) });
    if (properties.QueueName !== undefined) {
      await refuseExisting(QueueName, () => context.call('sqs', 'GetQueueUrl', { QueueName }));
    }
    const { QueueUrl = '' } = await context.call<CreateQueueResult>('sqs', 'CreateQueue', {
      QueueName,
      Attributes: { ...attributesOf(properties), ...(isFifo && { FifoQueue: 'true' }) },
      tags: tagMap(properties.Tags),
    });
    return { physicalId: QueueUrl, attributes: { Arn: arn(context.account, 'sqs', QueueName), QueueName, QueueUrl } };
  },
  async update(handle, properties, old, context) {
    const QueueUrl = handle.physicalId;
    const reset = Object.keys(attributesOf(old)).map((name) => [name, DEFAULT_ATTRIBUTES[name] ?? '']);
    const Attributes = { ...Object.fromEntries(reset), ...attributesOf(properties) };
    if (Object.keys(Attributes).length > 0) await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes });
    await updateTags('sqs', { QueueUrl }, { old: old.Tags, now: properties.Tags }, context);
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('sqs', 'DeleteQueue', { QueueUrl: physicalId });
  },
};

function attributesOf(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !NOT_ATTRIBUTES.has(name))
      .map(([name, value]) => [name, typeof value === 'object' ? jsonText(value) : String(value)]),
  );
}
