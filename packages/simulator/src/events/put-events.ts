import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';
import { isRecord } from '../core/is-record.ts';

/** An event that a service or PutEvents puts on the default bus. */
export interface PublishedEvent {
  /** For example `aws.s3`. */
  readonly source: string;
  /** For example `Object Created`. */
  readonly 'detail-type': string;
  readonly detail: unknown;
  /** ARNs. Default: none. */
  readonly resources?: readonly string[];
  /** Default: now. */
  readonly time?: Date;
}

/** All entries of one PutEvents together. */
const MAX_REQUEST_BYTES = 1_048_576;

const MAX_ENTRIES = 10;

/** The size of an entry's Time. */
const TIME_BYTES = 14;

/** Throws AwsError ValidationException when the whole request is refused. */
export function checkEntries(entries: readonly PutEventsRequestEntry[] | undefined): readonly PutEventsRequestEntry[] {
  if (!entries || entries.length === 0 || entries.length > MAX_ENTRIES) {
    throw new AwsError(
      'ValidationException',
      constraintMessage('entries', `${entries?.length ?? 0} entries`, `have length between 1 and ${MAX_ENTRIES}`),
    );
  }
  if (entries.reduce((sum, entry) => sum + entrySize(entry), 0) > MAX_REQUEST_BYTES) {
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  return entries;
}

/** Reads an entry. Throws an AwsError with the code and message of the entry's result. */
export function readEntry({ Time, Source, Resources, DetailType, Detail }: PutEventsRequestEntry): PublishedEvent {
  const required = (name: string, value: string | undefined): string => {
    if (value !== undefined && value !== '') return value;
    throw new AwsError('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  };
  const source = required('Source', Source);
  const detailType = required('DetailType', DetailType);
  const text = required('Detail', Detail);
  if (/^aws\./.test(source)) throw new AwsError('NotAuthorizedForSourceException', 'Not authorized for the source.');
  let detail: unknown;
  try {
    detail = JSON.parse(text);
  } catch {
    throw new AwsError('MalformedDetail', 'Detail is malformed.');
  }
  if (!isRecord(detail)) throw new AwsError('MalformedDetail', 'Detail is malformed.');
  return { source, 'detail-type': detailType, detail, resources: Resources, time: Time };
}

function entrySize({ Time, Source, Resources, DetailType, Detail }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : TIME_BYTES);
}
