import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type Client, isNamed, send } from './client.ts';

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
  try {
    const { Body, ETag = '' } = await send(client, new GetObjectCommand({ ...address }));
    const chunks: Uint8Array[] = [];
    for await (const chunk of (Body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return { text: Buffer.concat(chunks).toString(), etag: ETag };
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NotFound')) return undefined;
    throw error;
  }
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
