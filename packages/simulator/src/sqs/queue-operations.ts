import type {
  CreateQueueRequest,
  GetQueueAttributesRequest,
  ListQueuesRequest,
  SetQueueAttributesRequest,
  TagQueueRequest,
  UntagQueueRequest,
} from '@aws-sdk/client-sqs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { page } from '../core/page.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import {
  checkIntegerParameter,
  invalidAttribute,
  invalidParameterValue,
  missingParameter,
  queueDoesNotExist,
} from './errors.ts';
import type { Queue } from './queue.ts';
import { checkAttributes, type QueueAttributes } from './queue-attributes.ts';
import type { QueueInput, QueueStore } from './queue-store.ts';

interface NameInput {
  readonly QueueName: string | undefined;
}

/** Tags of a queue. */
const MAX_TAGS = 50;

const PURGE_INTERVAL_MS = 60_000;

/** Queues that AWS returns when ListQueues names no MaxResults; it then never pages. */
const MAX_LISTED_QUEUES = 1000;

/** Create, find, describe, change, purge and delete queues. */
export function queueOperations(
  { clock }: Deps,
  store: QueueStore,
  iam: PolicyHolder | undefined,
): Record<string, Operation> {
  const purgedAt = new WeakMap<Queue, number>();
  const on = queueOperation(store);

  return {
    ...findingOperations(store),
    ...tagOperations(store),
    CreateQueue: byName<CreateQueueRequest>(store, 'CreateQueue', (name, input) => {
      const attributes = checkAttributes(input.Attributes);
      const setPolicy = () => applyPolicy(iam, store.arnOf(name), attributes);
      const { queue, created } = store.create(name, attributes, setPolicy);
      if (created) for (const [key, value] of Object.entries(input.tags ?? {})) queue.tags.set(key, String(value));
      return { QueueUrl: store.urlOf(queue) };
    }),
    DeleteQueue: on('DeleteQueue', (queue) => {
      store.delete(queue);
      iam?.setResourcePolicy(queue.arn, undefined);
      return {};
    }),
    GetQueueAttributes: on<GetQueueAttributesRequest>('GetQueueAttributes', (queue, { AttributeNames }) =>
      selectQueueAttributes(queue, AttributeNames ?? []),
    ),
    SetQueueAttributes: on<SetQueueAttributesRequest>('SetQueueAttributes', (queue, { Attributes }) => {
      const changes = checkAttributes(Attributes);
      store.setAttributes(queue, changes, () => applyPolicy(iam, queue.arn, changes));
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
  };
}

/** Operations that find queues. */
function findingOperations(store: QueueStore): Record<string, Operation> {
  return {
    GetQueueUrl: byName(store, 'GetQueueUrl', (name) => {
      const queue = store.byName(name);
      if (!queue) throw queueDoesNotExist();
      return { QueueUrl: store.urlOf(queue) };
    }),
    ListQueues: {
      permissions: () => [{ action: 'sqs:ListQueues', resource: store.arnOf('*') }],
      run: (input: ListQueuesRequest) => listQueues(store, input),
    },
  };
}

/** Operations on the tags of queues. */
function tagOperations(store: QueueStore): Record<string, Operation> {
  const on = queueOperation(store);
  return {
    TagQueue: on<TagQueueRequest>('TagQueue', (queue, { Tags }) => {
      const tags = Object.entries(Tags ?? {});
      if (tags.length === 0) throw missingParameter('Tags');
      if (new Set([...queue.tags.keys(), ...tags.map(([key]) => key)]).size > MAX_TAGS) {
        throw invalidParameterValue(`Too many tags added for queue ${store.nameOf(queue)}.`);
      }
      for (const [key, value] of tags) queue.tags.set(key, String(value));
      return {};
    }),
    UntagQueue: on<UntagQueueRequest>('UntagQueue', (queue, { TagKeys }) => {
      if (!TagKeys?.length) throw invalidParameterValue('Tag keys must be between 1 and 128 characters in length.');
      for (const key of TagKeys) queue.tags.delete(key);
      return {};
    }),
    ListQueueTags: on('ListQueueTags', (queue) => ({
      Tags: queue.tags.size > 0 ? Object.fromEntries(queue.tags) : undefined,
    })),
  };
}

/** Makes operations on the queue whose URL the input has. */
function queueOperation(store: QueueStore) {
  return <I extends QueueInput>(action: string, run: (queue: Queue, input: I) => unknown): Operation<I> => ({
    permissions: (input) => [{ action: `sqs:${action}`, resource: store.arnInUrl(input.QueueUrl) }],
    run: (input) => run(store.byUrl(input.QueueUrl), input),
  });
}

function byName<I extends NameInput>(
  store: QueueStore,
  action: string,
  run: (name: string, input: I) => unknown,
): Operation<I> {
  return {
    permissions: ({ QueueName }) => [{ action: `sqs:${action}`, resource: store.arnOf(QueueName ?? '*') }],
    run(input) {
      if (typeof input.QueueName !== 'string' || input.QueueName === '') throw missingParameter('QueueName');
      return run(input.QueueName, input);
    },
  };
}

function listQueues(store: QueueStore, input: ListQueuesRequest) {
  const max = checkIntegerParameter('MaxResults', input.MaxResults, { min: 1, max: MAX_LISTED_QUEUES });
  const after = input.NextToken === undefined ? undefined : Buffer.from(input.NextToken, 'base64').toString();
  const names = store
    .names()
    .filter((name) => name.startsWith(input.QueueNamePrefix ?? '') && (after === undefined || name > after));
  const { items, next } = page(names, max ?? MAX_LISTED_QUEUES);
  const urls = items.flatMap((name) => store.byName(name) ?? []).map((queue) => store.urlOf(queue));
  // AWS pages only when it is asked to.
  const hasToken = max !== undefined && next !== undefined;
  return {
    QueueUrls: urls.length > 0 ? urls : undefined,
    NextToken: hasToken ? Buffer.from(items.at(-1) ?? '').toString('base64') : undefined,
  };
}

function applyPolicy(iam: PolicyHolder | undefined, queueArn: string, attributes: QueueAttributes): void {
  const policy = attributes.get('Policy');
  if (policy === undefined) return;
  try {
    iam?.setResourcePolicy(queueArn, policy === '' ? undefined : policy);
  } catch (error) {
    if (error instanceof AwsError) throw invalidAttribute('Policy', error.message);
    throw error;
  }
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

function selectQueueAttributes(queue: Queue, requested: readonly string[]) {
  for (const name of requested) {
    if (name !== 'All' && !ATTRIBUTE_NAMES.has(name)) {
      throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`, 400);
    }
  }
  const selected = Object.entries(describe(queue)).filter(
    ([name]) => requested.includes('All') || requested.includes(name),
  );
  return selected.length > 0 ? { Attributes: Object.fromEntries(selected) } : {};
}

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
