/** An event as S3 sends it to EventBridge, which adds id, time, account and region. */
export interface S3Event {
  readonly source: 'aws.s3';
  readonly 'detail-type': 'Object Created' | 'Object Deleted' | 'Object Tags Added' | 'Object Tags Deleted';
  /** The bucket's ARN. */
  readonly resources: readonly [string];
  readonly detail: S3EventDetail;
}

/** The event's `detail`, as AWS documents it. */
export interface S3EventDetail {
  readonly version: '0';
  readonly bucket: { readonly name: string };
  readonly object: {
    readonly key: string;
    /** Bytes. */
    readonly size?: number;
    readonly etag?: string;
    readonly 'version-id'?: string;
    /** Hex; of two events for one key the greater is the later. */
    readonly sequencer?: string;
  };
  readonly 'request-id': string;
  /** Account id, or the service that called. */
  readonly requester: string;
  readonly 'source-ip-address': string;
  readonly reason?: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload' | 'DeleteObject';
  readonly 'deletion-type'?: 'Permanently Deleted' | 'Delete Marker Created';
}
