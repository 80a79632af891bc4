import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { checkRange, invalidAttribute, missingParameter, queueDoesNotExist } from './errors.ts';
import type { Queue } from './queue.ts';
import { checkAttributes, type QueueAttributes } from './queue-attributes.ts';
import type { QueueStore } from './queue-store.ts';
import type { SqsOptions } from './sqs.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

const PURGE_INTERVAL_MS = 60_000;

/** Make, find, describe, change, purge and delete queues. */
export function queueOperations({ clock }: Deps, store: QueueStore, iam: SqsOptions['iam']): Record<string, Operation> {
  const purgedAt = new WeakMap<Queue, number>();

  const byName = (action: string, run: (name: string, input: Input) => unknown): Operation => ({
    permissions: ({ QueueName }) => [{ action: `sqs:${action}`, resource: store.arnOf(QueueName ?? '*') }],
    run(input) {
      if (typeof input.QueueName !== 'string' || input.QueueName === '') throw missingParameter('QueueName');
      return run(input.QueueName, input);
    },
  });
  const on = (action: string, run: (queue: Queue, input: Input) => unknown): Operation => ({
    permissions: (input) => [{ action: `sqs:${action}`, resource: store.arnInUrl(input.QueueUrl) }],
    run: (input) => run(store.byUrl(input.QueueUrl), input),
  });

  const setPolicy = (queueArn: string, attributes: QueueAttributes) => {
    const policy = attributes.get('Policy');
    if (policy === undefined) return;
    try {
      iam?.setResourcePolicy(queueArn, policy === '' ? undefined : policy);
    } catch (error) {
      if (error instanceof AwsError) throw invalidAttribute('Policy', error.message);
      throw error;
    }
  };

  return {
    CreateQueue: byName('CreateQueue', (name, input) => {
      const attributes = checkAttributes(input.Attributes);
      const { queue, isNew } = store.create(name, attributes, () => setPolicy(store.arnOf(name), attributes));
      if (isNew) {
        for (const [key, value] of Object.entries(input.tags ?? {})) queue.tags.set(key, String(value));
      }
      return { QueueUrl: store.urlOf(queue) };
    }),
    GetQueueUrl: byName('GetQueueUrl', (name) => {
      const queue = store.byName(name);
      if (!queue) throw queueDoesNotExist();
      return { QueueUrl: store.urlOf(queue) };
    }),
    ListQueues: {
      permissions: () => [{ action: 'sqs:ListQueues', resource: store.arnOf('*') }],
      run(input: Input) {
        const max = checkRange('MaxResults', input.MaxResults, 1, 1000);
        const names = store.names().filter((name) => name.startsWith(input.QueueNamePrefix ?? ''));
        const after = input.NextToken === undefined ? undefined : Buffer.from(input.NextToken, 'base64').toString();
        const rest = after === undefined ? names : names.filter((name) => name > after);
        const page = rest.slice(0, max ?? 1000);
        const urls = page.flatMap((name) => store.byName(name) ?? []).map((queue) => store.urlOf(queue));
        // AWS pages only when it is asked to.
        const more = max !== undefined && rest.length > page.length;
        return {
          QueueUrls: urls.length > 0 ? urls : undefined,
          NextToken: more ? Buffer.from(page.at(-1) ?? '').toString('base64') : undefined,
        };
      },
    },
    DeleteQueue: on('DeleteQueue', (queue) => {
      store.delete(queue);
      iam?.setResourcePolicy(queue.arn, undefined);
      return {};
    }),
    GetQueueAttributes: on('GetQueueAttributes', (queue, input) => {
      const all = describe(queue);
      const wanted: readonly string[] = input.AttributeNames ?? [];
      for (const name of wanted) {
        if (name !== 'All' && !ATTRIBUTE_NAMES.has(name)) {
          throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`, 400);
        }
      }
      const told = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
      return told.length > 0 ? { Attributes: Object.fromEntries(told) } : {};
    }),
    SetQueueAttributes: on('SetQueueAttributes', (queue, input) => {
      const changes = checkAttributes(input.Attributes);
      store.setAttributes(queue, changes, () => setPolicy(queue.arn, changes));
      return {};
    }),
    PurgeQueue: on('PurgeQueue', (queue) => {
      const now = clock.now();
      const last = purgedAt.get(queue);
      if (last !== undefined && now < last + PURGE_INTERVAL_MS) {
        throw new AwsError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${store.nameOf(queue)} is allowed every 60 seconds.`,
          403,
        );
      }
      purgedAt.set(queue, now);
      queue.purge();
      return {};
    }),
    TagQueue: on('TagQueue', (queue, input) => {
      for (const [key, value] of Object.entries(input.Tags ?? {})) queue.tags.set(key, String(value));
      return {};
    }),
    UntagQueue: on('UntagQueue', (queue, input) => {
      for (const key of input.TagKeys ?? []) queue.tags.delete(key);
      return {};
    }),
    ListQueueTags: on('ListQueueTags', (queue) => ({
      Tags: queue.tags.size > 0 ? Object.fromEntries(queue.tags) : undefined,
    })),
    ListDeadLetterSourceQueues: on('ListDeadLetterSourceQueues', (target) => ({
      queueUrls: store
        .names()
        .flatMap((name) => store.byName(name) ?? [])
        .filter((queue) => queue.redrive?.deadLetterTargetArn === target.arn)
        .map((queue) => store.urlOf(queue)),
    })),
  };
}

const ATTRIBUTE_NAMES = new Set([
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'DelaySeconds',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
  'LastModifiedTimestamp',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'Policy',
  'QueueArn',
  'ReceiveMessageWaitTimeSeconds',
  'RedriveAllowPolicy',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'VisibilityTimeout',
]);

function describe(queue: Queue): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
    ...Object.fromEntries(queue.attributes),
  };
}
