import type { EventType, NotificationKeyFilter } from 'aws-cdk-lib/aws-s3';

/** An event of the models' bucket that triggers a refresh. */
export interface BucketEvent {
  /**
   * Type of the event.
   *
   * S3 does not send `REDUCED_REDUNDANCY_LOST_OBJECT` and the `REPLICATION` types to EventBridge, so the construct
   * rejects them.
   */
  readonly eventType: EventType;

  /**
   * Filters for the object's key. At most one prefix and one suffix in all; a key must match both.
   *
   * A prefix is also a source: the objects below it (with that suffix) belong to the endpoint's revision.
   *
   * @default - all keys
   */
  readonly keyFilters?: NotificationKeyFilter[];
}
