import { AwsError } from '../core/aws-error.ts';
import { queryErrorCode } from './errors.ts';

interface Entry {
  readonly Id?: string;
}

/** @throws AwsError for a batch that SQS refuses as a whole: empty, over ten, ids doubled or malformed. */
export function checkBatch<E extends Entry>(entries: readonly E[] | undefined, entryType: string): readonly E[] {
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
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
        400,
      );
    }
    if (seen.has(Id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`, 400);
    seen.add(Id);
  }
  return entries;
}

/** Runs each entry by itself: one that fails doesn't hold up the others. Errors that aren't AWS's are bugs and go through. */
export function runBatch<E extends Entry, R extends object>(entries: readonly E[], run: (entry: E) => R) {
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
