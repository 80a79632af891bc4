import { S3Error } from '#simulator/s3/errors';

/** The longest time, in seconds, for which a URL can be signed. */
const MAX_EXPIRES_SECONDS = 604_800;

/** By how much the signer's clock may be ahead, in ms. */
const MAX_SKEW_MS = 15 * 60_000;

/**
 * Checks when a presigned URL is valid, of signature version 4 and 2; other queries pass. Throws AccessDenied or
 * AuthorizationQueryParametersError as S3 does: user guide "Download and upload objects with presigned URLs", API
 * reference "Authenticating Requests: Using Query Parameters". `now` is in epoch ms.
 */
export function checkValidity(query: URLSearchParams, now: number): void {
  const signedAt = query.get('X-Amz-Date');
  if (query.has('X-Amz-Signature') && signedAt !== null) {
    const seconds = secondsOf(query.get('X-Amz-Expires') ?? '');
    const begin = timeOf(signedAt);
    if (begin - now > MAX_SKEW_MS) throw denied('Request is not valid yet', { ServerTime: textOf(now) });
    const end = begin + seconds * 1000;
    if (end < now) throw expired(end, now, { 'X-Amz-Expires': seconds });
  } else if (query.has('AWSAccessKeyId')) {
    const end = new Date(Number(query.get('Expires')) * 1000).getTime();
    if (Number.isNaN(end)) throw denied(`Invalid date (should be seconds since epoch): ${query.get('Expires')}`);
    if (end < now) throw expired(end, now);
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text === '' || !Number.isInteger(seconds)) throw malformed('X-Amz-Expires should be a number');
  if (seconds < 0) throw malformed('X-Amz-Expires must be non-negative');
  if (seconds <= MAX_EXPIRES_SECONDS) return seconds;
  throw malformed(
    'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ' +
      `${MAX_EXPIRES_SECONDS} seconds`,
  );
}

/** `20260101T120000Z` as epoch ms. */
function timeOf(text: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (parts.length === 0) throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  const [year = 0, month = 0, day, hours, minutes, seconds] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hours, minutes, seconds);
}

const malformed = (message: string) => new S3Error('AuthorizationQueryParametersError', message, 400);

const denied = (message: string, members: Record<string, string | number> = {}) =>
  new S3Error('AccessDenied', message, 403, members);

const expired = (end: number, now: number, members: Record<string, number> = {}) =>
  denied('Request has expired', { ...members, Expires: textOf(end), ServerTime: textOf(now) });

/** Without milliseconds. */
const textOf = (at: number) => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
