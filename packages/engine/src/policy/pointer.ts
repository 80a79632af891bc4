import { type ObjectSource, type PointerSource, uriOf } from '@freshpoint/cdk/contract';
import { printableText } from '../archive/printable.ts';
import { objectAtUri } from './object-url.ts';

/** Size up to which a pointer is read, in bytes. */
export const MAX_POINTER_BYTES = 4096;
/** Members of a pointer's JSON that can have the URI. */
const MEMBERS = ['uri', 'modelDataUrl'] as const;

/** A source that names or chooses no object that could be served. It belongs to the revision. */
export interface SourceFault {
  readonly uri: string;
  /** Of what is at fault. */
  readonly etag: string;
  /** Epoch ms. */
  readonly lastModified: number;
  /** What was found, what was expected and what to do. */
  readonly message: string;
}

/** The object that a pointer's content names; a text: why there is none. Pure. */
export function targetOf(source: PointerSource, content: Uint8Array): ObjectSource | string {
  const pointer = `The pointer ${uriOf(source)}`;
  if (content.length > MAX_POINTER_BYTES) {
    return `${pointer} is larger than ${MAX_POINTER_BYTES} bytes, expected one s3:// URI. Upload a text with the URI.`;
  }
  const uri = uriIn(new TextDecoder().decode(content).trim());
  const target = objectAtUri(uri ?? '');
  if (!target) {
    const got = uri === undefined ? 'JSON without the URI' : `"${printableText(uri)}"`;
    return (
      `${pointer} contains ${got}, expected s3://<bucket>/<key of an archive>, or JSON with it as ` +
      `${MEMBERS.join(' or ')}. Upload it again with the URI.`
    );
  }
  if (!source.targets.includes(target.bucket)) {
    const allowed = source.targets.join(', ');
    return (
      `${pointer} names an object in the bucket ${target.bucket}, expected one of: ${allowed}. Copy the archive ` +
      'there, or add the bucket to targetBuckets of ModelSource.pointer.'
    );
  }
  return target;
}

/** The text itself, or the URI in its JSON; undefined: the JSON has none. */
function uriIn(text: string): string | undefined {
  if (!text.startsWith('{')) return text;
  try {
    const members = JSON.parse(text) as Record<string, unknown>;
    const found = MEMBERS.map((name) => members[name]).find((value) => value !== undefined);
    return typeof found === 'string' ? found.trim() : undefined;
  } catch {
    return text;
  }
}
