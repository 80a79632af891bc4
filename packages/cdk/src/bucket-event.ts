import type { EventType, NotificationKeyFilter } from 'aws-cdk-lib/aws-s3';

/** Events of the models' bucket that make an endpoint look for new model data. */
export interface BucketEvent {
  /**
   * What happened in the bucket, in the words of S3's own notifications.
   *
   * The types that S3 doesn't send to EventBridge (`REDUCED_REDUNDANCY_LOST_OBJECT` and the `REPLICATION` ones) are
   * refused when the construct is made.
   */
  readonly eventType: EventType;

  /**
   * Which keys: at most one prefix and one suffix in all, and both apply.
   *
   * A prefix is also a source: what lies below it (and ends with the suffix) belongs to the endpoint's revision.
   *
   * @default - all keys
   */
  readonly keyFilters?: NotificationKeyFilter[];
}
