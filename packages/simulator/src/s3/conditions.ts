import { s3Error } from './errors.ts';
import type { ObjectVersion, Upload } from './model.ts';

interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

const preconditionFailed = (header: string) => s3Error('PreconditionFailed', { Condition: header });

const lists = (header: string, etag: string) =>
  header.split(',').some((entry) => {
    const listed = entry.trim();
    return listed === '*' || listed.replace(/^(?:W\/)?"?(.*?)"?$/, '$1') === etag;
  });

/** The condition of a read that fails, if any, with the precedence of RFC 9110. */
function failedCondition(
  input: ReadConditions,
  { etag, lastModified }: ObjectVersion,
  now: number,
): string | undefined {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = input;
  if (IfMatch !== undefined) {
    if (!lists(IfMatch, etag)) return 'If-Match';
  } else if (IfUnmodifiedSince && lastModified > IfUnmodifiedSince.getTime()) {
    return 'If-Unmodified-Since';
  }
  if (IfNoneMatch !== undefined) return lists(IfNoneMatch, etag) ? 'If-None-Match' : undefined;
  const since = IfModifiedSince?.getTime() ?? Number.POSITIVE_INFINITY;
  // As RFC 9110 says, a date in the future is ignored.
  return lastModified <= since && since <= now ? 'If-Modified-Since' : undefined;
}

/** For GetObject and HeadObject at `now`. Throws PreconditionFailed (412) or NotModified (304). */
export function checkReadConditions(input: ReadConditions, version: ObjectVersion, now: number): void {
  const failed = failedCondition(input, version, now);
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') {
    throw s3Error('NotModified').withHeaders({
      etag: `"${version.etag}"`,
      'last-modified': new Date(version.lastModified).toUTCString(),
    });
  }
  if (failed) throw preconditionFailed(failed);
}

/** For copies, where every failure is PreconditionFailed. */
export function checkCopyConditions(conditions: ReadConditions, version: ObjectVersion, now: number): void {
  const failed = failedCondition(conditions, version, now);
  if (failed) throw preconditionFailed(`x-amz-copy-source-${failed}`);
}

type WriteConditions = Pick<ReadConditions, 'IfMatch' | 'IfNoneMatch'>;

/**
 * For writes; `current` is the object that they would replace. Throws PreconditionFailed, NoSuchKey, or NotImplemented
 * for conditions that S3 does not accept.
 */
export function checkWriteConditions(input: WriteConditions, key: string, current: ObjectVersion | undefined): void {
  const { IfMatch, IfNoneMatch } = input;
  const unaccepted = (Header: string, additionalMessage: string) => {
    throw s3Error('NotImplemented', { Header, additionalMessage });
  };
  const value = (header: string) => `We don't accept the provided value of ${header} header for this API`;
  if (IfMatch !== undefined && IfNoneMatch !== undefined) {
    unaccepted('If-Match,If-None-Match', 'Multiple conditional request headers present in the request');
  }
  if (IfMatch === '*') unaccepted('If-Match', value('If-Match'));
  if (IfNoneMatch !== undefined && IfNoneMatch !== '*') unaccepted('If-None-Match', value('If-None-Match'));
  if (IfNoneMatch !== undefined && current) throw preconditionFailed('If-None-Match');
  checkIfMatch(IfMatch, key, current);
}

/** For completions: an upload cannot replace what was written or deleted since it began. */
export function checkCompletion(
  input: WriteConditions,
  { key, overtaken }: Upload,
  current: ObjectVersion | undefined,
): void {
  checkWriteConditions(input, key, current);
  const Condition = input.IfMatch === undefined ? 'If-None-Match' : 'If-Match';
  if (overtaken && (input.IfMatch ?? input.IfNoneMatch) !== undefined) {
    throw s3Error('ConditionalRequestConflict', { Condition, Key: key });
  }
}

/** For deletes and writes. Throws PreconditionFailed or NoSuchKey. */
export function checkIfMatch(ifMatch: string | undefined, key: string, current: ObjectVersion | undefined): void {
  if (ifMatch === undefined) return;
  if (!current) throw s3Error('NoSuchKey', { Key: key });
  if (!lists(ifMatch, current.etag)) throw preconditionFailed('If-Match');
}
