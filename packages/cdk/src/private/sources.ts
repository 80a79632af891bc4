import { type Stack, Token } from 'aws-cdk-lib';
import type { BucketEvent } from '../bucket-event';
import type { ObjectSource, PrefixSource, SourceSpec } from '../contract';
import { containersOf, type DataReference, dataReferencesOf } from './containers';
import type { DeclaredModel } from './declared-models';
import { mergedKeyFilter } from './event-pattern';
import { parseS3Url } from './s3-url';
import { sourceUrlOf } from './source-url';

/** A source that a model loads. */
export interface LoadedSource {
  readonly source: SourceSpec;
  /** Objects that belong to the source: only archives, or all objects regardless of name. */
  readonly objects: 'archives' | 'all';
}

/** The sources of an endpoint's models. */
export interface ModelSources {
  readonly sources: readonly LoadedSource[];
  /** One text per model data that cannot be read at synthesis: where it is, and the reason. */
  readonly unreadable: readonly string[];
}

/** The sources that the models' containers load. */
export function modelSources(models: readonly DeclaredModel[], stack: Stack): ModelSources {
  const sources: LoadedSource[] = [];
  const unreadable: string[] = [];
  for (const { id, declared } of models) {
    for (const { path, container } of containersOf(declared.props)) {
      const where = `${path} of model "${id}"`;
      if (!container) {
        unreadable.push(`${where} is a token, expected an object with a readable model data URL`);
        continue;
      }
      for (const reference of dataReferencesOf(container)) {
        const found = modelSource(reference, stack);
        if (typeof found === 'string') unreadable.push(`${reference.property} in ${where} is ${found}`);
        else sources.push(found);
      }
    }
  }
  return { sources, unreadable };
}

/** The source; or a text that says which value the reference has and which was expected. */
function modelSource({ url, layout, format }: DataReference, stack: Stack): LoadedSource | string {
  if (url === undefined) return 'a token, expected an object with a readable s3Uri';
  const chosen = sourceUrlOf(url);
  if (chosen) return { source: chosen.source, objects: 'archives' };
  const location = parseS3Url(url, stack);
  if (!location) {
    const got = Token.isUnresolved(url) ? 'a token that hides bucket and key' : `"${url}"`;
    return `${got}, expected s3://<bucket>/<key> or an https URL of S3 (bucket and key may be tokens)`;
  }
  const endsLikePrefix = location.key === '' || location.key.endsWith('/');
  const isPrefix = layout !== 'object' && (layout !== 'object-or-prefix' || endsLikePrefix);
  if (!isPrefix) return { source: location, objects: 'archives' };
  const hasLooseFiles = layout !== 'multi-model' && format === 'uncompressed';
  return {
    source: { bucket: location.bucket, prefix: location.key },
    objects: hasLooseFiles ? 'all' : 'archives',
  };
}

/** The prefixes in the filters of the bucket events, each with its suffix if there is one. */
export function filterSources(events: readonly BucketEvent[], bucket: string): SourceSpec[] {
  return events.flatMap((event) => {
    const { prefix, suffix } = mergedKeyFilter(event.keyFilters ?? []);
    return prefix === undefined ? [] : [{ bucket, prefix, ...(suffix !== undefined && { suffix }) }];
  });
}

/**
 * Each source once. A prefix that equals the key of an object source is dropped: it would include neighbours such as
 * model.tar.gz.old. So is one that is below a folder, which includes it.
 */
export function distinctSources(sources: readonly SourceSpec[]): SourceSpec[] {
  const objects = new Set(sources.map((each) => ('key' in each ? `${each.bucket}/${each.key}` : '')));
  const isBelowFolder = ({ bucket, prefix }: PrefixSource) =>
    sources.some((each) => 'folder' in each && each.bucket === bucket && prefix.startsWith(each.folder));
  const seen = new Map<string, SourceSpec>();
  for (const each of sources) {
    if ('prefix' in each && (objects.has(`${each.bucket}/${each.prefix}`) || isBelowFolder(each))) continue;
    const id = JSON.stringify(each);
    if (!seen.has(id)) seen.set(id, each);
  }
  return [...seen.values()];
}

/** The objects that belong to a source, or that it chooses from: buckets and keys in which `*` is any text. */
export function sourceObjects(source: SourceSpec): ObjectSource[] {
  if ('packageGroup' in source) return anyObjectIn(source.targets);
  const { bucket } = source;
  if ('key' in source) return [source];
  if ('marker' in source) return [{ bucket, key: source.marker }];
  if ('newestBelow' in source) return [{ bucket, key: `${source.newestBelow}*${source.suffix}` }];
  if ('folder' in source) return [{ bucket, key: `${source.folder}*` }];
  if ('prefix' in source) return [{ bucket, key: `${source.prefix}*` }];
  return [{ bucket, key: source.pointer }, ...anyObjectIn(source.targets)];
}

function anyObjectIn(buckets: readonly string[]): ObjectSource[] {
  return buckets.map((bucket) => ({ bucket, key: '*' }));
}
