import { Annotations, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnBucket, EventType, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { BucketEvent } from '../bucket-event';
import { type SourceSpec, uriOf } from '../contract';
import { type KeyFilter, mergedKeyFilter, packagePattern, type RulePattern, uploadPattern } from './event-pattern';
import { modelPackageGroup } from './model-package-group';
import type { LoadedSource, ModelSources } from './sources';

const ALL_CREATED_EVENTS_PREFIX = EventType.OBJECT_CREATED.replace('*', '');

/** Warns of model data whose uploads no bucket event of the endpoint detects. */
export function warnOfUndetectedUploads(
  endpoint: Construct,
  models: ModelSources,
  bucket: IBucket,
  events: readonly BucketEvent[],
): void {
  const annotations = Annotations.of(endpoint);
  const consequence = 'Only the sweep detects uploads to it.';
  if (models.unreadable.length > 0) {
    annotations.addWarningV2(
      '@freshpoint/cdk:unreadableModelData',
      `Not watched, because it cannot be read at synthesis: ${models.unreadable.join('; ')}. ` +
        'Write the URL around its tokens, or add its prefix to a key filter of bucketEvents.',
    );
  }
  for (const model of models.sources) {
    if ('packageGroup' in model.source) continue;
    const hasPattern = filterOf(model.source) !== undefined;
    // The bucket of a ModelSource is known, so its event delivery is enabled.
    if (hasPattern && !('folder' in model.source)) continue;
    if (isElsewhere(model.source.bucket, bucket)) {
      annotations.addWarningV2(
        '@freshpoint/cdk:dataOutsideModelsBucket',
        `The model data ${uriOf(model.source)} is not in modelsBucket (${bucket.node.path}). ${consequence} ` +
          'Move it there, or pass its bucket as modelsBucket.',
      );
    } else if (!hasPattern && !events.some((event) => detectsUpload(event, model))) {
      annotations.addWarningV2(
        '@freshpoint/cdk:dataOutsideBucketEvents',
        `No bucket event for created objects matches the model data ${uriOf(model.source)}. ${consequence} ` +
          'Add an event whose keyFilters match it, or omit the suffix. If each upload has a key of its own, such as a ' +
          "training job's, use ModelSource.newestBelow.",
      );
    }
  }
}

/** The event patterns for `ModelSource`s, folders and the marker, unless the bucket events match them. */
export function patternsOfSources(
  endpoint: Construct,
  sources: readonly SourceSpec[],
  bucket: IBucket,
  events: readonly BucketEvent[],
): RulePattern[] {
  const patterns = new Map<string, RulePattern>();
  for (const source of sources) {
    if ('packageGroup' in source) {
      const { arn, name } = modelPackageGroup(Stack.of(endpoint), source.packageGroup);
      patterns.set(arn, packagePattern(name));
      continue;
    }
    const filter = filterOf(source);
    if (!filter) continue;
    const isMatched = source.bucket === bucket.bucketName && events.some((event) => detectsAll(event, filter));
    if (!isMatched) patterns.set(uriOf(source), uploadPattern(source.bucket, filter));
  }
  return [...patterns.values()];
}

/** The keys of the uploads that matter to the source. Undefined: only the bucket events say that. */
function filterOf(source: SourceSpec): KeyFilter | undefined {
  if ('marker' in source) return { prefix: source.marker, suffix: source.marker };
  if ('newestBelow' in source) return { prefix: source.newestBelow, suffix: source.suffix };
  if ('folder' in source) return { prefix: source.folder };
  return 'pointer' in source ? { prefix: source.pointer, suffix: source.pointer } : undefined;
}

/** Whether the event fires for every upload whose key passes the filter. False if tokens leave it open. */
function detectsAll({ eventType, keyFilters }: BucketEvent, { prefix = '', suffix = '' }: KeyFilter): boolean {
  const filter = mergedKeyFilter(keyFilters ?? []);
  return (
    eventType === EventType.OBJECT_CREATED &&
    prefix.startsWith(filter.prefix ?? '') &&
    suffix.endsWith(filter.suffix ?? '')
  );
}

/** Whether the name is certainly not that of the bucket. False if tokens leave it open. */
export function isElsewhere(name: string, bucket: IBucket): boolean {
  if (name === bucket.bucketName) return false;
  const resource = bucket.node.defaultChild;
  const physical = resource instanceof CfnBucket ? resource.bucketName : bucket.bucketName;
  if (physical !== undefined && !Token.isUnresolved(physical) && !Token.isUnresolved(name)) return name !== physical;
  const other = Tokenization.reverseString(name).firstToken;
  return Reference.isReference(other) && other.target instanceof CfnBucket && other.target !== resource;
}

/** Whether the event fires when the source is uploaded. True if tokens leave it open. */
function detectsUpload({ eventType, keyFilters }: BucketEvent, { source, objects }: LoadedSource): boolean {
  if (!('key' in source || 'prefix' in source)) return true;
  if (!eventType.startsWith(ALL_CREATED_EVENTS_PREFIX)) return false;
  const filter = mergedKeyFilter(keyFilters ?? []);
  const texts = [filter.prefix, filter.suffix, 'key' in source ? source.key : source.prefix];
  if (texts.some((text) => Token.isUnresolved(text))) return true;
  if ('key' in source) return matchesKey(source.key, filter);
  return overlapsPrefix(source.prefix, filter) && (filter.suffix === undefined || objects === 'archives');
}

function matchesKey(key: string, { prefix = '', suffix = '' }: KeyFilter): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix);
}

function overlapsPrefix(sourcePrefix: string, { prefix = '' }: KeyFilter): boolean {
  return sourcePrefix.startsWith(prefix) || prefix.startsWith(sourcePrefix);
}
