import { AwsError } from '../core/aws-error.ts';
import { invalidAttribute, unsupported } from './errors.ts';

/** Maximum size of a message with its attributes, and of a whole batch. */
export const MAX_MESSAGE_BYTES = 1_048_576;

interface NumberAttribute {
  readonly min: number;
  readonly max: number;
  readonly standard: number;
}

/** Attributes that are whole numbers: seconds, except MaximumMessageSize (bytes). */
const NUMBER_ATTRIBUTES: Readonly<Record<string, NumberAttribute>> = {
  DelaySeconds: { min: 0, max: 900, standard: 0 },
  MaximumMessageSize: { min: 1024, max: MAX_MESSAGE_BYTES, standard: MAX_MESSAGE_BYTES },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, standard: 345_600 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: 20, standard: 0 },
  VisibilityTimeout: { min: 0, max: 43_200, standard: 30 },
};

/** Attributes that are stored and returned as text: they have no effect here (encryption) or a parser of their own. */
const TEXT_ATTRIBUTES = new Set([
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
]);

const FIFO_ATTRIBUTES = new Set([
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
]);

/** Dead-letter queue, and the receives after which a message moves there. */
export interface Redrive {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export type QueueAttributes = ReadonlyMap<string, string>;

/** Attributes of a queue that was created without any. */
export function defaultAttributes(): Map<string, string> {
  const defaults = Object.entries(NUMBER_ATTRIBUTES).map(([name, { standard }]) => [name, String(standard)] as const);
  return new Map([...defaults, ['SqsManagedSseEnabled', 'true']]);
}

/** Throws InvalidAttributeName, InvalidAttributeValue, or UnsupportedOperation for FIFO queues. */
export function checkAttributes(given: Readonly<Record<string, unknown>> | undefined): Map<string, string> {
  const checked = new Map<string, string>();
  for (const [name, raw] of Object.entries(given ?? {})) {
    const value = String(raw);
    const range = Object.hasOwn(NUMBER_ATTRIBUTES, name) ? NUMBER_ATTRIBUTES[name] : undefined;
    if (range) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < range.min || number > range.max) throw invalidAttribute(name);
      checked.set(name, String(number));
    } else if (TEXT_ATTRIBUTES.has(name)) {
      if (name === 'RedrivePolicy') parseRedrive(value);
      checked.set(name, value);
    } else if (FIFO_ATTRIBUTES.has(name)) {
      if (value !== 'false') throw unsupported('FIFO queues');
    } else {
      throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`, 400);
    }
  }
  return checked;
}

/** Reads a RedrivePolicy; empty text means none. Throws InvalidAttributeValue. */
export function parseRedrive(text: string | undefined): Redrive | undefined {
  if (text === undefined || text === '') return undefined;
  let policy: Record<string, unknown>;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalidAttribute('RedrivePolicy', 'Redrive policy is not a valid JSON map.');
  }
  const count = Number(policy.maxReceiveCount);
  if (typeof policy.deadLetterTargetArn !== 'string') {
    throw invalidAttribute(
      'RedrivePolicy',
      'Redrive policy does not contain mandatory attribute: deadLetterTargetArn.',
    );
  }
  if (policy.maxReceiveCount === undefined) {
    throw invalidAttribute('RedrivePolicy', 'Redrive policy does not contain mandatory attribute: maxReceiveCount.');
  }
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw invalidAttribute('RedrivePolicy', 'Invalid value for maxReceiveCount: must be from 1 to 1000.');
  }
  return { deadLetterTargetArn: policy.deadLetterTargetArn, maxReceiveCount: count };
}
