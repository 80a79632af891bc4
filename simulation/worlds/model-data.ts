import { createHash } from 'node:crypto';

/** How a fleet behaves that has loaded these bytes. */
export type Quality =
  | 'good'
  | 'slow'
  | 'broken'
  /** No archive: that shows before the endpoint is touched. */
  | 'junk'
  /** Starts, and answers smoke tests wrongly, or never. */
  | 'wrong'
  | 'hung';

/** The bytes of one upload: their first word says how they behave. */
export function bytesOf(quality: Quality, number: number): string {
  return `${quality} ${number}`;
}

/** S3's ETag of the bytes. */
export function etagOf(bytes: string): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** S3's ETag of the same bytes, uploaded in one part of a multipart upload. */
export function etagOfPart(bytes: string): string {
  const part = createHash('md5').update(bytes).digest();
  return `"${createHash('md5').update(part).digest('hex')}-1"`;
}

/** How a fleet behaves that has loaded these bytes. */
export function qualityOf(bytes: string): Quality {
  return bytes.slice(0, bytes.indexOf(' ')) as Quality;
}
