import {
  HeadObjectCommand,
  type HeadObjectOutput,
  ListObjectsV2Command,
  type ListObjectsV2Output,
} from '@aws-sdk/client-s3';
import type { SourceSpec } from '../../../cdk/src/private/contract.ts';
import type { Sources } from '../ports.ts';
import { revisionOf, type SourceObject } from '../revision.ts';
import { type Client, isNamed } from './client.ts';

/** HeadObject and ListObjectsV2. */
export function s3Sources(client: Client): Sources {
  return {
    look: (sources) => revisionOf(sources, (source) => open(client, source)),
  };
}

async function* open(client: Client, source: SourceSpec): AsyncGenerator<SourceObject, undefined> {
  if ('key' in source) {
    const object = await head(client, source.bucket, source.key);
    if (object) yield object;
    return;
  }
  const { bucket, prefix, suffix = '' } = source;
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2Output = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }),
    );
    for (const { Key = '', ETag = '', Size = 0, LastModified } of page.Contents ?? []) {
      if (Key.endsWith(suffix)) {
        yield { bucket, key: Key, etag: ETag, size: Size, lastModified: LastModified?.getTime() ?? 0 };
      }
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
}

async function head(client: Client, bucket: string, key: string): Promise<SourceObject | undefined> {
  try {
    const object: HeadObjectOutput = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    const { ETag = '', ContentLength = 0, LastModified } = object;
    return { bucket, key, etag: ETag, size: ContentLength, lastModified: LastModified?.getTime() ?? 0 };
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}
