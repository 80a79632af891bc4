import { noSuchKey, notImplemented, preconditionFailed, S3Error } from './errors.ts';
import type { ObjectVersion } from './model.ts';

interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: Date | undefined;
  readonly ifUnmodifiedSince?: Date | undefined;
}

const lists = (header: string, etag: string) =>
  header.split(',').some((entry) => {
    const listed = entry.trim();
    return listed === '*' || listed.replace(/^(?:W\/)?"?(.*?)"?$/, '$1') === etag;
  });

/** The condition of a read that fails, if any, with the precedence of RFC 9110. */
function failedCondition(conditions: ReadConditions, version: ObjectVersion): string | undefined {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, version.etag)) return 'If-Match';
  } else if (ifUnmodifiedSince && version.lastModified > ifUnmodifiedSince.getTime()) {
    return 'If-Unmodified-Since';
  }
  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, version.etag)) return 'If-None-Match';
  } else if (ifModifiedSince && version.lastModified <= ifModifiedSince.getTime()) {
    return 'If-Modified-Since';
  }
  return undefined;
}

/** For GetObject and HeadObject. Throws PreconditionFailed (412) or NotModified (304). */
export function checkReadConditions(conditions: ReadConditions, version: ObjectVersion): void {
  const failed = failedCondition(conditions, version);
  if (failed === 'If-None-Match' || failed === 'If-Modified-Since') throw notModified(version);
  if (failed) throw preconditionFailed(failed);
}

/** For copies, where every failure is PreconditionFailed. */
export function checkCopyConditions(conditions: ReadConditions, version: ObjectVersion): void {
  const failed = failedCondition(conditions, version);
  if (failed) throw preconditionFailed(`x-amz-copy-source-${failed}`);
}

function notModified(version: ObjectVersion): S3Error {
  return new S3Error('NotModified', 'Not Modified', 304).withHeaders({
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModified).toUTCString(),
  });
}

/**
 * For writes and deletes; `current` is the object that they would replace. Throws PreconditionFailed, NoSuchKey or
 * NotImplemented.
 */
export function checkWriteConditions(
  input: { readonly IfMatch?: string | undefined; readonly IfNoneMatch?: string | undefined },
  key: string,
  current: ObjectVersion | undefined,
): void {
  if (input.IfNoneMatch !== undefined) {
    if (input.IfNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag on a write');
    if (current) throw preconditionFailed('If-None-Match');
  }
  if (input.IfMatch !== undefined) {
    if (!current) throw noSuchKey(key);
    if (!lists(input.IfMatch, current.etag)) throw preconditionFailed('If-Match');
  }
}
