import type { Provider, ProviderContext } from '../provider.ts';
import { ignoreMissing, jsonText } from './calls.ts';

type QueuePolicyProperties = { readonly Queues: readonly string[]; readonly PolicyDocument: unknown };

/** AWS::SQS::QueuePolicy: one policy on each of several queues. */
export const sqsQueuePolicy: Provider<QueuePolicyProperties> = {
  replacing: [],
  async create(properties, context) {
    await putPolicy(properties, context);
    return { physicalId: context.name({ maxLength: 128 }), attributes: {} };
  },
  async update(handle, properties, old, context) {
    await putPolicy(properties, context);
    const kept = new Set(properties.Queues);
    for (const QueueUrl of old.Queues) if (!kept.has(QueueUrl)) await clear(QueueUrl, context);
    return handle;
  },
  async delete(_handle, properties, context) {
    for (const QueueUrl of properties.Queues) await clear(QueueUrl, context);
  },
};

async function putPolicy(properties: QueuePolicyProperties, context: ProviderContext): Promise<void> {
  const Policy = jsonText(properties.PolicyDocument);
  for (const QueueUrl of properties.Queues) {
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  }
}

const clear = (QueueUrl: string, context: ProviderContext) =>
  ignoreMissing(context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: '' } }));
