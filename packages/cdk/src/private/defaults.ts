import { Duration } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import type { BucketEvent } from '../bucket-event';

export const DEFAULT_WAIT_TIME = Duration.seconds(60);

export const DEFAULT_SWEEP_INTERVAL = Duration.hours(1);

/** Model archives, as SageMaker takes them. */
export const DEFAULT_BUCKET_EVENTS: BucketEvent[] = [
  { eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.tar.gz' }] },
];
