import type { CreateQueueResult } from '@aws-sdk/client-sqs';
import { type Account, arn } from '../../core/account.ts';
import { defaultAttributes } from '../../sqs/queue-attributes.ts';
import type { Handle, Properties, Provider } from '../provider.ts';
import { apiType, jsonText, partType, putParts, without } from './api-type.ts';
import { partlyRecorded, recordOnly } from './record-only.ts';

type QueuePolicyProperties = Properties & { readonly Queues?: readonly string[] };

/** Queues, and policies of which each is put on several queues. */
export const sqsTypes: Readonly<Record<string, Provider>> = {
  'AWS::SQS::Queue': partlyRecorded(
    // Only standard queues are simulated.
    ({ FifoQueue }) => String(FifoQueue) === 'true',
    recordOnly(({ QueueName }, { account, name }) => {
      const fifo = String(QueueName ?? `${name({ maxLength: 75 })}.fifo`);
      return queueHandle(`https://sqs.${account.region}.amazonaws.com/${account.accountId}/${fifo}`, fifo, account);
    }),
    apiType<Properties, CreateQueueResult>({
      api: { service: 'sqs', create: 'CreateQueue', find: 'GetQueueUrl', remove: 'DeleteQueue' },
      name: { property: 'QueueName', maxLength: 80, id: 'QueueUrl' },
      replacing: ['QueueName', 'FifoQueue'],
      tags: 'list',
      input: (properties) => ({ Attributes: attributesOf(properties) }),
      handle: (name, { QueueUrl = '' }, { account }) => queueHandle(QueueUrl, name, account),
      async update(QueueUrl, properties, old, context) {
        // An attribute whose property is removed is that of a new queue, or empty. CloudFormation has an older size.
        const defaults = defaultAttributes().set('MaximumMessageSize', '262144');
        const reset = Object.keys(attributesOf(old)).map((name) => [name, defaults.get(name) ?? '']);
        const Attributes = { ...Object.fromEntries(reset), ...attributesOf(properties) };
        if (Object.keys(Attributes).length > 0)
          await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes });
      },
    }),
  ),

  'AWS::SQS::QueuePolicy': partType<QueuePolicyProperties>([], (now, old, context) => {
    const set = (QueueUrl: string, Policy: string) =>
      context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
    return putParts({
      now: now.Queues?.filter((url) => !url.endsWith('.fifo')),
      old: old.Queues?.filter((url) => !url.endsWith('.fifo')),
      put: (queue) => set(queue, jsonText(now.PolicyDocument)),
      remove: (queue) => set(queue, ''),
    });
  }),
};

const queueHandle = (QueueUrl: string, QueueName: string, account: Account): Handle => ({
  physicalId: QueueUrl,
  attributes: { Arn: arn(account, 'sqs', QueueName), QueueName, QueueUrl },
});

function attributesOf(properties: Properties): Record<string, string> {
  const attributes = Object.entries(without(properties, 'QueueName', 'Tags'));
  return Object.fromEntries(
    attributes.map(([name, value]) => [name, typeof value === 'object' ? jsonText(value) : String(value)]),
  );
}
