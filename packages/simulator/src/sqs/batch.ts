import { AwsError } from '../core/aws-error.ts';
import { queryErrorCode } from './errors.ts';

interface BatchEntry {
  readonly Id: string | undefined;
}

/** Throws AwsError for a batch that SQS rejects as a whole: empty, over ten entries, ids repeated or malformed. */
export function checkBatch<E extends BatchEntry>(entries: readonly E[] | undefined, entryType: string): readonly E[] {
  if (!entries || entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', `There should be at least one ${entryType} in the request.`, 400);
  }
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
      400,
    );
  }
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (typeof Id !== 'string' || !/^[\w-]{1,80}$/.test(Id)) {
      throw new AwsError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. ' +
          'It can be at most 80 letters long.',
        400,
      );
    }
    if (seen.has(Id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`, 400);
    seen.add(Id);
  }
  return entries;
}

/** Runs every entry, also after one fails. Rethrows errors that are not AWS's: they are bugs. */
export function runBatchEntries<E extends BatchEntry, R extends object>(entries: readonly E[], run: (entry: E) => R) {
  const Successful: (R & { Id: string | undefined })[] = [];
  const Failed: { Id: string | undefined; SenderFault: boolean; Code: string; Message: string }[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({
        Id: entry.Id,
        SenderFault: error.status < 500,
        Code: queryErrorCode(error.code),
        Message: error.message,
      });
    }
  }
  return { Successful, Failed: Failed.length > 0 ? Failed : undefined };
}
