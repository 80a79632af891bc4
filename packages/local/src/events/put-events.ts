import { AwsError } from '../core/aws-error.ts';
import { isRecord } from '../core/is-record.ts';
import type { PublishedEvent } from './events.ts';

/** Most that the entries of one PutEvents hold together, in bytes. */
const maximumSize = 1_048_576;

/** One entry of PutEvents, in AWS's shape. */
export interface PutEventsEntry {
  readonly Time?: Date;
  readonly Source?: string;
  readonly Resources?: readonly string[];
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
}

/** @throws AwsError ValidationException for a request that is refused as a whole. */
export function checkEntries(entries: readonly PutEventsEntry[] | undefined): readonly PutEventsEntry[] {
  if (!entries || entries.length === 0 || entries.length > 10) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10`,
    );
  }
  if (entries.reduce((sum, entry) => sum + entrySize(entry), 0) > maximumSize) {
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  return entries;
}

/** Reads an entry. @throws AwsError with the code and message that the entry's result tells. */
export function readEntry({ Time, Source, Resources, DetailType, Detail }: PutEventsEntry): PublishedEvent {
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
  return { source, detailType, detail, resources: Resources, time: Time };
}

function entrySize({ Time, Source, Resources, DetailType, Detail }: PutEventsEntry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : 14);
}
