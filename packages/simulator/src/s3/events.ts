import type { Deps } from '../core/cloud.ts';
import type { S3Call } from './calls.ts';
import type { ObjectVersion } from './model.ts';
import { detailsOf } from './request-details.ts';

/** What an event says of a change, besides the object. */
export interface ObjectChange {
  readonly 'detail-type': 'Object Created' | 'Object Deleted' | 'Object Tags Added' | 'Object Tags Deleted';
  readonly reason?: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'DeleteObject';
  readonly 'deletion-type'?: 'Permanently Deleted' | 'Delete Marker Created';
}

/** An event as S3 sends it to EventBridge, which adds id, time, account and region. */
export type S3Event = ReturnType<typeof objectEvent>;

/** `sequencer` is hex: of two events for one key the greater is the later. */
export function objectEvent(
  { account, ids }: Deps,
  { input, caller, bucket }: S3Call,
  { key, size, etag, versionId }: ObjectVersion,
  { 'detail-type': type, sequencer, ...change }: ObjectChange & { readonly sequencer: string | undefined },
) {
  const details = detailsOf(input);
  return {
    source: 'aws.s3' as const,
    'detail-type': type,
    resources: [`arn:${account.partition}:s3:::${bucket.name}`],
    detail: {
      version: '0',
      bucket: { name: bucket.name },
      object: {
        key,
        ...(type === 'Object Created' && { size }),
        ...(change.reason !== 'DeleteObject' && { etag }),
        ...(versionId !== 'null' && { 'version-id': versionId }),
        ...(sequencer !== undefined && { sequencer }),
      },
      'request-id': details?.requestId ?? ids.hex(16).toUpperCase(),
      requester: caller.service ?? account.accountId,
      'source-ip-address': details?.sourceIp ?? '127.0.0.1',
      ...change,
    },
  };
}
