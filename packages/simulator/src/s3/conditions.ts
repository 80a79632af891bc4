import { notImplemented, s3Error } from './errors.ts';
import type { ObjectVersion } from './model.ts';

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
function failedCondition(input: ReadConditions, { etag, lastModified }: ObjectVersion): string | undefined {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = input;
  if (IfMatch !== undefined) {
    if (!lists(IfMatch, etag)) return 'If-Match';
  } else if (IfUnmodifiedSince && lastModified > IfUnmodifiedSince.getTime()) {
    return 'If-Unmodified-Since';
  }
  if (IfNoneMatch !== undefined) return lists(IfNoneMatch, etag) ? 'If-None-Match' : undefined;
  return IfModifiedSince && lastModified <= IfModifiedSince.getTime() ? 'If-Modified-Since' : undefined;
}

/** For GetObject and HeadObject. Throws PreconditionFailed (412) or NotModified (304). */
export function checkReadConditions(input: ReadConditions, version: ObjectVersion): void {
  const failed = failedCondition(input, version);
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') {
    throw s3Error('NotModified').withHeaders({
      etag: `"${version.etag}"`,
      'last-modified': new Date(version.lastModified).toUTCString(),
    });
  }
  if (failed) throw preconditionFailed(failed);
}

/** For copies, where every failure is PreconditionFailed. */
export function checkCopyConditions(conditions: ReadConditions, version: ObjectVersion): void {
  const failed = failedCondition(conditions, version);
  if (failed) throw preconditionFailed(`x-amz-copy-source-${failed}`);
}

/**
 * For writes and deletes; `current` is the object that they would replace. Throws PreconditionFailed, NoSuchKey or
 * NotImplemented.
 */
export function checkWriteConditions(
  { IfMatch, IfNoneMatch }: Pick<ReadConditions, 'IfMatch' | 'IfNoneMatch'>,
  key: string,
  current: ObjectVersion | undefined,
): void {
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag on a write');
    if (current) throw preconditionFailed('If-None-Match');
  }
  if (IfMatch === undefined) return;
  if (!current) throw s3Error('NoSuchKey', { Key: key });
  if (!lists(IfMatch, current.etag)) throw preconditionFailed('If-Match');
}
