import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { type ObjectSource, type PointerSource, uriOf } from '@freshpoint/cdk/contract';
import { MAX_POINTER_BYTES, type SourceFault, targetOf } from '../policy/pointer.ts';
import { unquoteETag } from '../policy/revision.ts';
import { type Client, ifFound, isNamed, send } from './client.ts';
import { bodyBytes } from './s3-json.ts';

/** A pointer that names an object, and what is at fault if that does not exist. */
export interface FollowedPointer {
  readonly target: ObjectSource;
  readonly dangling: SourceFault;
}

/** Reads a pointer. Undefined: there is none. */
export async function followPointer(
  client: Client,
  source: PointerSource,
): Promise<FollowedPointer | SourceFault | undefined> {
  const pointer = await ifFound(() => readBeginning(client, source));
  if (!pointer) return undefined;
  const { content, etag, lastModified } = pointer;
  const fault = { uri: uriOf(source), etag, lastModified };
  const target = targetOf(source, content);
  if (typeof target === 'string') return { ...fault, message: target };
  const message =
    `The pointer ${fault.uri} names ${uriOf(target)}, where there is no object. Upload that object, or the pointer ` +
    'again.';
  return { target, dangling: { ...fault, message } };
}

interface PointerContent {
  /** At most one byte more than a pointer may have. */
  readonly content: Uint8Array;
  readonly etag: string;
  /** Epoch ms. */
  readonly lastModified: number;
}

async function readBeginning(client: Client, { bucket, pointer }: PointerSource): Promise<PointerContent> {
  const address = { Bucket: bucket, Key: pointer };
  try {
    const output = await send(client, new GetObjectCommand({ ...address, Range: `bytes=0-${MAX_POINTER_BYTES}` }));
    return { ...identityOf(output), content: await bodyBytes(output.Body) };
  } catch (error) {
    if (!isNamed(error, 'InvalidRange')) throw error;
    // An empty object has no range.
    const output = await send(client, new HeadObjectCommand(address));
    return { ...identityOf(output), content: new Uint8Array() };
  }
}

function identityOf({ ETag = '', LastModified }: { readonly ETag?: string; readonly LastModified?: Date }) {
  return { etag: unquoteETag(ETag), lastModified: LastModified?.getTime() ?? 0 };
}
