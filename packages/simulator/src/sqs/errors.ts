import { AwsError } from '../core/aws-error.ts';

/** Error codes of the older query protocol; the JSON protocol repeats them in `x-amzn-query-error`. */
const QUERY_ERROR_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  InvalidParameterValueException: 'InvalidParameterValue',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  MissingRequiredParameterException: 'MissingParameter',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  QueueDeletedRecently: 'AWS.SimpleQueueService.QueueDeletedRecently',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

/** The error's code in the query protocol. */
export function queryErrorCode(code: string): string {
  return (Object.hasOwn(QUERY_ERROR_CODES, code) ? QUERY_ERROR_CODES[code] : undefined) ?? code;
}

export const queueDoesNotExist = () => new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');

export const invalidParameterValue = (message: string) => new AwsError('InvalidParameterValueException', message);

export const missingParameter = (name: string) =>
  new AwsError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`);

export const invalidAttribute = (name: string, reason = '') =>
  new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.${reason && ` Reason: ${reason}`}`);

export const noFifo = () => new AwsError('UnsupportedOperation', 'The local runtime does not simulate FIFO queues.');

/** Throws InvalidParameterValueException unless `value` is absent or an integer from 0, or `min`, to `max`. */
export function checkInteger(name: string, value: number | undefined, max: number, min = 0): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  const range = name === 'WaitTimeSeconds' ? `>= ${min} and <= ${max}` : `between ${min} and ${max}`;
  throw invalidParameterValue(
    `Value ${value} for parameter ${name} is invalid. Reason: Must be ${range}, if provided.`,
  );
}
