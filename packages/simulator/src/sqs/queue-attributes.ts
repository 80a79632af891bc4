import { AwsError } from '../core/aws-error.ts';
import { invalidAttribute, invalidParameterValue } from './errors.ts';

/** Maximum size of a message with its attributes, and of a whole batch. */
export const MAX_MESSAGE_BYTES = 1_048_576;

export const MAX_VISIBILITY_SECONDS = 43_200;
export const MAX_WAIT_SECONDS = 20;

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
  ReceiveMessageWaitTimeSeconds: { min: 0, max: MAX_WAIT_SECONDS, standard: 0 },
  VisibilityTimeout: { min: 0, max: MAX_VISIBILITY_SECONDS, standard: 30 },
};

/** Attributes that are stored and returned as text: they have no effect here (encryption) or a parser of their own. */
const TEXT_ATTRIBUTES = [
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
];

/** The requested attributes of those that a queue has. Throws InvalidAttributeName. */
export function selectQueueAttributes(all: Readonly<Record<string, string>>, requested: readonly string[]) {
  const unknown = requested.find((name) => !['All', ...TEXT_ATTRIBUTES, ...Object.keys(all)].includes(name));
  if (unknown !== undefined) throw invalidName(unknown);
  const isShown = ([name]: [string, string]) => requested.includes('All') || requested.includes(name);
  return Object.fromEntries(Object.entries(all).filter(isShown));
}

const invalidName = (name: string) => new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`);

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

/** An empty text removes an attribute. A queue has one kind of encryption. */
export function mergedAttributes(before: QueueAttributes, changes: QueueAttributes): Map<string, string> {
  const merged = new Map([...before, ...changes]);
  if (changes.get('KmsMasterKeyId')) merged.set('SqsManagedSseEnabled', 'false');
  if (changes.get('SqsManagedSseEnabled') === 'true') merged.delete('KmsMasterKeyId');
  for (const [name, value] of merged) if (value === '') merged.delete(name);
  if (!merged.has('KmsMasterKeyId')) merged.delete('KmsDataKeyReusePeriodSeconds');
  return merged;
}

/** Of a standard queue. Throws InvalidAttributeName or InvalidAttributeValue. */
export function checkAttributes(given: Readonly<Record<string, unknown>> = {}): Map<string, string> {
  if (given.KmsMasterKeyId && given.SqsManagedSseEnabled === 'true') {
    const message = 'You can use one type of server-side encryption (SSE) at one time.';
    throw new AwsError('InvalidAttributeName', `${message} You can either enable KMS SSE or SQS SSE.`);
  }
  const checked = new Map<string, string>();
  for (const [name, raw] of Object.entries(given)) {
    const value = String(raw);
    const range = Object.hasOwn(NUMBER_ATTRIBUTES, name) ? NUMBER_ATTRIBUTES[name] : undefined;
    if (range) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < range.min || number > range.max) throw invalidAttribute(name);
      checked.set(name, String(number));
    } else if (TEXT_ATTRIBUTES.includes(name)) {
      if (name === 'RedrivePolicy') parseRedrive(value);
      // AWS returns the count of a redrive policy as a number, also if a text was given.
      checked.set(name, value.replace(/("maxReceiveCount"\s*:\s*)"(\d+)"/, '$1$2'));
    } else if (['DeduplicationScope', 'FifoThroughputLimit'].includes(name)) {
      throw new AwsError('InvalidAttributeName', `You can specify the ${name} only when FifoQueue is set to true.`);
    } else {
      throw invalidName(name);
    }
  }
  return checked;
}

export const invalidRedrive = (text: string | undefined, reason: string) =>
  invalidParameterValue(`Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);

/** Reads a RedrivePolicy; empty text means none. Throws InvalidParameterValueException. */
export function parseRedrive(text = ''): Redrive | undefined {
  if (text === '') return undefined;
  const invalid = (reason: string) => invalidRedrive(text, reason);
  let policy: Partial<Record<keyof Redrive, unknown>>;
  try {
    policy = Object(JSON.parse(text));
  } catch {
    throw invalid('Redrive policy is not a valid JSON map.');
  }
  const { deadLetterTargetArn, maxReceiveCount } = policy;
  if (typeof deadLetterTargetArn !== 'string') {
    throw invalid('Redrive policy does not contain mandatory attribute: deadLetterTargetArn.');
  }
  if (maxReceiveCount === undefined) {
    throw invalid('Redrive policy does not contain mandatory attribute: maxReceiveCount.');
  }
  const count = Number(maxReceiveCount);
  if (!(Number.isInteger(count) && count >= 1 && count <= 1000)) {
    throw invalid('Invalid value for maxReceiveCount: must be from 1 to 1000.');
  }
  return { deadLetterTargetArn, maxReceiveCount: count };
}
