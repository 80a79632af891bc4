import type { Properties, Provider, ProviderContext } from '../provider.ts';
import { ifThere, jsonText } from './calls.ts';

/** AWS::SQS::QueuePolicy: one policy on each of several queues. */
export const sqsQueuePolicy: Provider = {
  replacing: [],
  async create(properties, context) {
    await put(properties, context);
    return { physicalId: context.name({ maxLength: 128 }), attributes: {} };
  },
  async update(handle, properties, old, context) {
    await put(properties, context);
    const kept = new Set<string>(properties.Queues);
    for (const QueueUrl of old.Queues as string[]) if (!kept.has(QueueUrl)) await clear(QueueUrl, context);
    return handle;
  },
  async delete(_handle, properties, context) {
    for (const QueueUrl of properties.Queues as string[]) await clear(QueueUrl, context);
  },
};

async function put(properties: Properties, context: ProviderContext): Promise<void> {
  const Policy = jsonText(properties.PolicyDocument);
  for (const QueueUrl of properties.Queues as string[]) {
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
  }
}

const clear = (QueueUrl: string, context: ProviderContext) =>
  ifThere(context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: '' } }));
