import { Token } from 'aws-cdk-lib';
import { EventType, type NotificationKeyFilter } from 'aws-cdk-lib/aws-s3';
import type { BucketEvent } from '../bucket-event';

/** Length of the pattern of an EventBridge rule, in characters. */
export const MAX_PATTERN_CHARACTERS = 2048;

/** Prefix and suffix that a key must have. Absent: any. */
export interface KeyFilter {
  readonly prefix?: string;
  readonly suffix?: string;
}

interface EventDetail {
  readonly detailType: string[];
  readonly reason?: string[];
  readonly deletionType?: string[];
}

const DELETED = ['Object Deleted'];
const PERMANENT = ['Permanently Deleted'];
const MARKER = ['Delete Marker Created'];

/**
 * The EventBridge events that correspond to the types of S3 notifications ("Amazon S3 event notification types and
 * destinations" and "EventBridge event message structure", Amazon S3 User Guide). S3 does not send the absent types to
 * EventBridge.
 */
const EVENT_DETAILS: ReadonlyMap<EventType, EventDetail> = new Map([
  [EventType.OBJECT_CREATED, { detailType: ['Object Created'] }],
  [EventType.OBJECT_CREATED_PUT, { detailType: ['Object Created'], reason: ['PutObject'] }],
  [EventType.OBJECT_CREATED_POST, { detailType: ['Object Created'], reason: ['POST Object'] }],
  [EventType.OBJECT_CREATED_COPY, { detailType: ['Object Created'], reason: ['CopyObject'] }],
  [
    EventType.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD,
    { detailType: ['Object Created'], reason: ['CompleteMultipartUpload'] },
  ],
  [EventType.OBJECT_REMOVED, { detailType: DELETED, reason: ['DeleteObject'] }],
  [EventType.OBJECT_REMOVED_DELETE, { detailType: DELETED, reason: ['DeleteObject'], deletionType: PERMANENT }],
  [
    EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED,
    { detailType: DELETED, reason: ['DeleteObject'], deletionType: MARKER },
  ],
  [EventType.LIFECYCLE_EXPIRATION, { detailType: DELETED, reason: ['Lifecycle Expiration'] }],
  [
    EventType.LIFECYCLE_EXPIRATION_DELETE,
    { detailType: DELETED, reason: ['Lifecycle Expiration'], deletionType: PERMANENT },
  ],
  [
    EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED,
    { detailType: DELETED, reason: ['Lifecycle Expiration'], deletionType: MARKER },
  ],
  [
    EventType.OBJECT_RESTORE,
    { detailType: ['Object Restore Initiated', 'Object Restore Completed', 'Object Restore Expired'] },
  ],
  [EventType.OBJECT_RESTORE_POST, { detailType: ['Object Restore Initiated'] }],
  [EventType.OBJECT_RESTORE_COMPLETED, { detailType: ['Object Restore Completed'] }],
  [EventType.OBJECT_RESTORE_DELETE, { detailType: ['Object Restore Expired'] }],
  [EventType.LIFECYCLE_TRANSITION, { detailType: ['Object Storage Class Changed'] }],
  [EventType.INTELLIGENT_TIERING, { detailType: ['Object Access Tier Changed'] }],
  [EventType.OBJECT_TAGGING, { detailType: ['Object Tags Added', 'Object Tags Deleted'] }],
  [EventType.OBJECT_TAGGING_PUT, { detailType: ['Object Tags Added'] }],
  [EventType.OBJECT_TAGGING_DELETE, { detailType: ['Object Tags Deleted'] }],
  [EventType.OBJECT_ACL_PUT, { detailType: ['Object ACL Updated'] }],
]);

/** The event types that S3 sends to EventBridge. */
export const SUPPORTED_EVENT_TYPES: readonly EventType[] = [...EVENT_DETAILS.keys()];

/**
 * The filters of one event combined as in S3 notifications: at most one prefix and one suffix, and a key must match
 * both. An empty text matches all keys. Check the filters with `keyFilterProblems` first.
 */
export function mergedKeyFilter(filters: readonly NotificationKeyFilter[]): KeyFilter {
  const prefix = filters.map((filter) => filter.prefix).find(isGiven);
  const suffix = filters.map((filter) => filter.suffix).find(isGiven);
  return { ...(prefix !== undefined && { prefix }), ...(suffix !== undefined && { suffix }) };
}

/** Problems that prevent the filters from being combined. */
export function keyFilterProblems(filters: readonly NotificationKeyFilter[]): string[] {
  const problems: string[] = [];
  if (filters.some((filter) => filter.prefix === undefined && filter.suffix === undefined)) {
    problems.push('a key filter has neither prefix nor suffix. Set one, or omit keyFilters to match all keys.');
  }
  for (const part of ['prefix', 'suffix'] as const) {
    const given = filters.map((filter) => filter[part]).filter(isGiven);
    if (given.length > 1) {
      const texts = given.map((text) => `"${text}"`).join(', ');
      problems.push(
        `keyFilters has ${given.length} ${part}es (${texts}), expected at most one. ` +
          'Add one bucket event for each.',
      );
    }
  }
  return problems;
}

/** An EventBridge pattern as CloudFormation takes it. */
export type RulePattern = Readonly<Record<string, unknown>>;

/**
 * The end of each update of the endpoint, by anyone. The statuses in between are left out: each event is one more
 * request, and none of them lets the controller go on.
 */
export function stateChangePattern(endpointName: string): RulePattern {
  return {
    source: ['aws.sagemaker'],
    'detail-type': ['SageMaker Endpoint State Change'],
    detail: {
      EndpointName: [endpointName],
      EndpointStatus: [{ 'anything-but': ['CREATING', 'UPDATING', 'SYSTEM_UPDATING', 'ROLLING_BACK', 'DELETING'] }],
    },
  };
}

/** Any change of a package in the group: it is approved, rejected or completed. */
export function packagePattern(groupName: string): RulePattern {
  return {
    source: ['aws.sagemaker'],
    'detail-type': ['SageMaker Model Package State Change'],
    detail: { ModelPackageGroupName: [groupName] },
  };
}

/** The pattern of the rule for one bucket event. Throws if the event's type is not one of `SUPPORTED_EVENT_TYPES`. */
export function eventPattern(bucketName: string, event: BucketEvent): RulePattern {
  const detail = EVENT_DETAILS.get(event.eventType);
  if (!detail) throw new Error(`S3 does not send ${event.eventType} to EventBridge`);
  const { detailType, reason, deletionType } = detail;
  const key = keyMatchers(mergedKeyFilter(event.keyFilters ?? []));
  return {
    source: ['aws.s3'],
    'detail-type': detailType,
    detail: {
      bucket: { name: [bucketName] },
      ...(key && { object: { key } }),
      ...(reason && { reason }),
      ...(deletionType && { 'deletion-type': deletionType }),
    },
  };
}

/** The pattern for created objects whose key passes the filter; if prefix and suffix are equal, is that text. */
export function uploadPattern(bucketName: string, filter: KeyFilter): RulePattern {
  const key = filter.prefix === filter.suffix && filter.prefix ? [filter.prefix] : keyMatchers(filter);
  return {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [bucketName] }, ...(key && { object: { key } }) },
  };
}

/** Matchers in a list are alternatives, so a prefix and a suffix that must both match become one wildcard matcher. */
function keyMatchers({ prefix, suffix }: KeyFilter): unknown[] | undefined {
  if (prefix === undefined && suffix === undefined) return undefined;
  if (suffix === undefined) return [{ prefix }];
  if (prefix === undefined) return [{ suffix }];
  return [{ wildcard: `${escaped(prefix)}*${escaped(suffix)}` }, ...overlaps(prefix, suffix)];
}

/** Keys in which prefix and suffix overlap, so that the wildcard misses them: a/m.tar.gz for a/m.tar.gz and .tar.gz. */
function overlaps(prefix: string, suffix: string): string[] {
  if (Token.isUnresolved(prefix) || Token.isUnresolved(suffix)) return [];
  const keys: string[] = [];
  for (let shared = 1; shared <= Math.min(prefix.length, suffix.length); shared++) {
    if (prefix.endsWith(suffix.slice(0, shared))) keys.push(prefix + suffix.slice(shared));
  }
  return keys;
}

function escaped(text: string): string {
  return text.replace(/[\\*]/g, '\\$&');
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
