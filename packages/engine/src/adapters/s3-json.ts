import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type Client, ifFound, isNamed, send } from './client.ts';

/** Where a JSON object is stored. */
export interface ObjectAddress {
  readonly Bucket: string;
  readonly Key: string;
}

/** A write succeeds only over the version with this ETag, or only where there is no object. */
export type WriteCondition = { readonly IfMatch: string } | { readonly IfNoneMatch: '*' };

/** The text of an object and its ETag; undefined: there is no object. */
export async function readText(
  client: Client,
  address: ObjectAddress,
): Promise<{ readonly text: string; readonly etag: string } | undefined> {
  return ifFound(async () => {
    const { Body, ETag = '' } = await send(client, new GetObjectCommand({ ...address }));
    return { text: (await bodyBytes(Body)).toString(), etag: ETag };
  });
}

/** All bytes of an object's body: in Node, the SDK's is a Readable, of which its type says nothing. */
export async function bodyBytes(body: unknown): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Returns the ETag of what was written; undefined: the condition does not hold, or another write is under way. */
export async function writeText(
  client: Client,
  { text, ...address }: ObjectAddress & { readonly text: string },
  condition: WriteCondition,
): Promise<string | undefined> {
  try {
    const command = new PutObjectCommand({ ...address, ...condition, Body: text, ContentType: 'application/json' });
    const { ETag = '' } = await send(client, command);
    return ETag;
  } catch (error) {
    // If-Match on an object that was deleted is answered with NoSuchKey.
    if (isNamed(error, 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey')) return undefined;
    throw error;
  }
}
