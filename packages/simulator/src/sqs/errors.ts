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

export const queueDoesNotExist = () => new AwsError('QueueDoesNotExist', 'The specified queue does not exist.', 400);

export const invalidParameterValue = (message: string) => new AwsError('InvalidParameterValueException', message, 400);

export const missingParameter = (name: string) =>
  new AwsError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`, 400);

export const invalidAttribute = (name: string, reason?: string) =>
  new AwsError(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`,
    400,
  );

export const unsupported = (feature: string) =>
  new AwsError('UnsupportedOperation', `The local runtime does not simulate ${feature}.`, 400);

/** Throws InvalidParameterValueException unless `value` is an integer in the range; an absent value is undefined. */
export function checkIntegerParameter(
  name: string,
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalidParameterValue(
      `Value ${String(value)} for parameter ${name} is invalid. ` +
        `Reason: Must be between ${min} and ${max}, if provided.`,
    );
  }
  return value;
}
