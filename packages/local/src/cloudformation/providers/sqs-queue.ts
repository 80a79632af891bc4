import type { Properties, Provider } from '../provider.ts';
import { tagChanges, tagMap } from '../tags.ts';
import { jsonText, recordWith, refuseExisting } from './calls.ts';

/** What an attribute goes back to when its property is taken away. */
const defaults: Readonly<Record<string, string>> = {
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

const notAttributes = new Set(['QueueName', 'Tags', 'FifoQueue']);

/** AWS::SQS::Queue. */
export const sqsQueue: Provider = {
  replacing: ['QueueName', 'FifoQueue'],
  nameProperty: 'QueueName',
  tags: 'list',
  async create(properties, context) {
    const isFifo = String(properties.FifoQueue ?? false) === 'true';
    const QueueName: string =
      properties.QueueName ?? context.name({ maxLength: 80, ...(isFifo && { suffix: '.fifo' }) });
    if (properties.QueueName !== undefined) {
      await refuseExisting(QueueName, () => context.call('sqs', 'GetQueueUrl', { QueueName }));
    }
    const { QueueUrl } = await context.call('sqs', 'CreateQueue', {
      QueueName,
      Attributes: { ...attributesOf(properties), ...(isFifo && { FifoQueue: 'true' }) },
      tags: tagMap(properties.Tags),
    });
    const { partition, region, accountId } = context.account;
    const Arn = `arn:${partition}:sqs:${region}:${accountId}:${QueueName}`;
    return { physicalId: QueueUrl, attributes: { Arn, QueueName, QueueUrl } };
  },
  async update(handle, properties, old, context) {
    const QueueUrl = handle.physicalId;
    const reset = Object.keys(attributesOf(old)).map((name) => [name, defaults[name] ?? '']);
    const Attributes = { ...Object.fromEntries(reset), ...attributesOf(properties) };
    if (Object.keys(Attributes).length > 0) await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes });
    const { set, removed } = tagChanges(old.Tags, properties.Tags);
    if (removed.length > 0) await recordWith(context, 'sqs', 'UntagQueue', { QueueUrl, TagKeys: removed });
    if (set.length > 0) await recordWith(context, 'sqs', 'TagQueue', { QueueUrl, Tags: tagMap(set) });
    return handle;
  },
  async delete({ physicalId }, _properties, context) {
    await context.call('sqs', 'DeleteQueue', { QueueUrl: physicalId });
  },
};

function attributesOf(properties: Properties): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !notAttributes.has(name))
      .map(([name, value]) => [name, typeof value === 'object' ? jsonText(value) : String(value)]),
  );
}
