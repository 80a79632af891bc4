import type { SQS } from '@aws-sdk/client-sqs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import { requestedPage } from '../core/page.ts';
import { unlessEmpty } from '../core/unless-empty.ts';
import { checkInteger, invalidParameterValue, missingParameter, noFifo, queueDoesNotExist } from './errors.ts';
import type { Queue } from './queue.ts';
import { checkAttributes, selectQueueAttributes } from './queue-attributes.ts';
import type { QueueStore } from './queue-store.ts';

/** Tags of a queue. */
const MAX_TAGS = 50;

const PURGE_INTERVAL_MS = 60_000;

/** Queues that AWS returns when ListQueues names no MaxResults; it then never pages. */
const MAX_LISTED_QUEUES = 1000;

/** Create, find, describe, tag, change, purge and delete queues. */
export function queueOperations({ clock }: Deps, store: QueueStore) {
  const { on } = store;
  const purgedAt = new WeakMap<Queue, number>();
  return operationsOf<SQS>()('sqs', store.resourcesOf, {
    CreateQueue({ QueueName = '', Attributes, tags = {} }) {
      if (QueueName.endsWith('.fifo') || Attributes?.FifoQueue === 'true') throw noFifo();
      return { QueueUrl: store.urlOf(store.create(QueueName, checkAttributes(Attributes), tags)) };
    },
    DeleteQueue: on((queue) => store.delete(queue)),
    GetQueueUrl({ QueueName = '' }) {
      const queue = store.queues.get(QueueName);
      if (!queue) throw queueDoesNotExist();
      return { QueueUrl: store.urlOf(queue) };
    },
    ListQueues({ QueueNamePrefix = '', MaxResults, NextToken }) {
      checkInteger('MaxResults', MaxResults, MAX_LISTED_QUEUES, 1);
      const names = [...store.queues.keys()].sort().filter((name) => name.startsWith(QueueNamePrefix));
      const request = { size: MaxResults, max: MAX_LISTED_QUEUES, token: NextToken, keyOf: (name: string) => name };
      const invalid = () => invalidParameterValue('Invalid or expired next token.');
      const { items, token } = requestedPage(names, request, invalid);
      const urls = items.flatMap((name) => store.queues.get(name) ?? []).map((queue) => store.urlOf(queue));
      // AWS pages only when it is asked to.
      return { QueueUrls: unlessEmpty(urls), NextToken: MaxResults === undefined ? undefined : token };
    },
    GetQueueAttributes: on((queue, { AttributeNames = [] }) => ({
      Attributes: unlessEmpty(selectQueueAttributes(describeQueue(queue), AttributeNames)),
    })),
    SetQueueAttributes: on((queue, { Attributes }) => store.setAttributes(queue, checkAttributes(Attributes))),
    PurgeQueue: on((queue) => {
      const now = clock.now();
      if (now < (purgedAt.get(queue) ?? Number.NEGATIVE_INFINITY) + PURGE_INTERVAL_MS) {
        throw new AwsError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
          403,
        );
      }
      purgedAt.set(queue, now);
      queue.purge();
    }),
    TagQueue: on((queue, { Tags = {} }) => {
      const keys = Object.keys(Tags);
      if (keys.length === 0) throw missingParameter('Tags');
      if (new Set([...queue.tags.keys(), ...keys]).size > MAX_TAGS) {
        throw invalidParameterValue(`Too many tags added for queue ${queue.name}.`);
      }
      for (const [key, value] of Object.entries(Tags)) queue.tags.set(key, String(value));
    }),
    UntagQueue: on((queue, { TagKeys = [] }) => {
      if (TagKeys.length === 0) {
        throw invalidParameterValue('Tag keys must be between 1 and 128 characters in length.');
      }
      for (const key of TagKeys) queue.tags.delete(key);
    }),
    ListQueueTags: on((queue) => ({ Tags: unlessEmpty(Object.fromEntries(queue.tags)) })),
  });
}

function describeQueue(queue: Queue): Record<string, string> {
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
