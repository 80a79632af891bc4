import { Duration } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import type { BucketEvent } from '../bucket-event';

export const DEFAULT_WAIT_TIME = Duration.seconds(60);

export const DEFAULT_SWEEP_INTERVAL = Duration.hours(1);

/** Default of maxWaitTime, in waitTimes, where all data are archives that are chosen as the newest. */
export const NEWEST_MAX_WAITS = 5;

/** Created archives, in the format that SageMaker loads. */
export const DEFAULT_BUCKET_EVENTS: readonly BucketEvent[] = [
  { eventType: EventType.OBJECT_CREATED, keyFilters: [{ suffix: '.tar.gz' }] },
];
