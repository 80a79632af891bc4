import { invalidArgument, invalidRequest, s3Error } from './errors.ts';

/** A range of an object, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * The bytes that a Range header requests. Undefined means all, as in S3 for a malformed header or several ranges.
 * Throws InvalidRange (416).
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [requested = '', first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last));
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw s3Error('InvalidRange', { RangeRequested: requested, ActualObjectSize: size }).withHeaders({
      'content-range': `bytes */${size}`,
    });
  }
  return { start, length: end - start + 1 };
}

/** The bytes that `x-amz-copy-source-range` requests. Throws InvalidArgument or InvalidRequest. */
export function parseCopyRange(header: string | undefined, size: number): ByteRange {
  if (header === undefined) return { start: 0, length: size };
  const invalid = (message: string) => invalidArgument(message, 'x-amz-copy-source-range', header);
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || end < start) {
    throw invalid(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are ' +
        'the zero-based offsets of the first and last bytes to copy',
    );
  }
  if (start >= size) throw invalidRequest('The specified copy range is invalid for the source object size');
  if (end >= size) throw invalid(`Range specified is not valid for source object of size: ${size}`);
  return { start, length: end - start + 1 };
}
