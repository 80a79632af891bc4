import { type Stack, Token } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { BucketEvent } from '../bucket-event';
import type { SourceSpec } from '../contract';
import { type KeyFilter, mergedKeyFilter } from './event-pattern';
import type { DeclaredModel } from './models';

/** A place that a model loads its data from. */
export interface ModelSource {
  readonly source: SourceSpec;
  /** Whether files of any name belong to it, rather than archives only. */
  readonly anyFile: boolean;
}

/** What could be read of the models' containers. */
export interface ModelSources {
  readonly sources: readonly ModelSource[];
  /** For each place that couldn't be read: where it is and why not. */
  readonly unreadable: readonly string[];
}

type Container = CfnModel.ContainerDefinitionProperty;

/** Every S3 place that the models' containers load. `stack` resolves URLs that an intrinsic function joins. */
export function modelSources(models: readonly DeclaredModel[], stack: Stack): ModelSources {
  const sources: ModelSource[] = [];
  const unreadable: string[] = [];

  const add = (where: string, url: string, as: 'object' | 'prefix' | 'either', anyFile: boolean) => {
    const location = s3Location(url, stack);
    if (!location) {
      const got = Token.isUnresolved(url) ? 'a token that hides bucket and key' : `"${url}"`;
      unreadable.push(`${where} is ${got}, expected s3://<bucket>/<key> (bucket and key may be tokens)`);
      return;
    }
    const isPrefix = as === 'prefix' || (as === 'either' && (location.key === '' || location.key.endsWith('/')));
    const source = isPrefix ? { bucket: location.bucket, prefix: location.key } : location;
    sources.push({ source, anyFile: isPrefix && anyFile });
  };

  for (const { id, declared } of models) {
    const { primaryContainer, containers } = declared.props;
    const listed: unknown = containers;
    const all: [string, unknown][] = [['primaryContainer', primaryContainer]];
    if (Array.isArray(listed) && !Token.isUnresolved(listed)) {
      all.push(...listed.map((each, index): [string, unknown] => [`containers[${index}]`, each]));
    } else {
      all.push(['containers', listed]);
    }
    for (const [name, each] of all) {
      if (each === undefined) continue;
      const where = `${name} of model "${id}"`;
      if (Token.isUnresolved(each)) {
        unreadable.push(`${where} is a token, expected an object whose model data URL can be read`);
        continue;
      }
      const container = each as Container;
      const multiModel = container.mode === 'MultiModel';
      if (container.modelDataUrl !== undefined) {
        add(`modelDataUrl in ${where}`, container.modelDataUrl, multiModel ? 'prefix' : 'either', false);
      }
      const { modelDataSource } = container;
      if (modelDataSource === undefined) continue;
      const data = modelDataSource as CfnModel.ModelDataSourceProperty;
      if (Token.isUnresolved(modelDataSource) || Token.isUnresolved(data.s3DataSource)) {
        unreadable.push(`modelDataSource in ${where} is a token, expected an object whose s3Uri can be read`);
        continue;
      }
      const s3 = data.s3DataSource as CfnModel.S3DataSourceProperty | undefined;
      if (s3 === undefined) continue;
      const type = s3.s3DataType === 'S3Prefix' ? 'prefix' : s3.s3DataType === 'S3Object' ? 'object' : 'either';
      add(`s3Uri in ${where}`, s3.s3Uri, multiModel ? 'prefix' : type, !multiModel);
    }
  }
  return { sources, unreadable };
}

/** What the bucket events' filters name: a prefix, with the suffix if there is one. */
export function filterSources(events: readonly BucketEvent[], bucket: string): SourceSpec[] {
  return events.flatMap((event) => {
    const { prefix, suffix } = mergedKeyFilter(event.keyFilters ?? []);
    return prefix === undefined ? [] : [{ bucket, prefix, ...(suffix !== undefined && { suffix }) }];
  });
}

/**
 * Each source once. A filter whose prefix is the whole key of an object adds nothing; as a prefix it would take in
 * neighbours such as model.tar.gz.old.
 */
export function distinct(sources: readonly SourceSpec[]): SourceSpec[] {
  const objects = new Set(sources.map((each) => ('key' in each ? `${each.bucket}/${each.key}` : '')));
  const seen = new Map<string, SourceSpec>();
  for (const each of sources) {
    if ('prefix' in each && objects.has(`${each.bucket}/${each.prefix}`)) continue;
    const id = JSON.stringify([each.bucket, ...('key' in each ? ['key', each.key] : [each.prefix, each.suffix])]);
    if (!seen.has(id)) seen.set(id, each);
  }
  return [...seen.values()];
}

/** Whether an upload to the source is an event that passes the filter. True also when tokens hide the answer. */
export function isNoticed({ source, anyFile }: ModelSource, events: readonly BucketEvent[]): boolean {
  return events.some((event) => {
    if (!event.eventType.startsWith(EventType.OBJECT_CREATED.replace('*', ''))) return false;
    const filter = mergedKeyFilter(event.keyFilters ?? []);
    const texts = [filter.prefix, filter.suffix, 'key' in source ? source.key : source.prefix];
    if (texts.some((text) => Token.isUnresolved(text))) return true;
    return 'key' in source ? passes(source.key, filter) : meets(source.prefix, filter, anyFile);
  });
}

/** `s3://<bucket>/<key>` in the words of a person; `prefix…suffix` for a prefix. */
export function described(source: SourceSpec): string {
  return 'key' in source
    ? `s3://${source.bucket}/${source.key}`
    : `s3://${source.bucket}/${source.prefix}*${source.suffix ?? ''}`;
}

function passes(key: string, { prefix = '', suffix = '' }: KeyFilter): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix);
}

function meets(place: string, { prefix = '', suffix }: KeyFilter, anyFile: boolean): boolean {
  return (place.startsWith(prefix) || prefix.startsWith(place)) && (suffix === undefined || !anyFile);
}

/** Bucket and key of a URL. A token's marker has no slash, so a URL that is written around tokens is split like any other. */
export function s3Location(url: string, stack: Stack): { bucket: string; key: string } | undefined {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(url);
  if (match) return { bucket: match[1]!, key: match[2] ?? '' };
  if (!Token.isUnresolved(url)) return undefined;
  const join = (stack.resolve(url) as { 'Fn::Join'?: [string, unknown] } | undefined)?.['Fn::Join'];
  if (join?.[0] !== '' || !Array.isArray(join[1])) return undefined;
  const text = join[1].map((part) => (typeof part === 'string' ? part : Token.asString(part))).join('');
  return text.startsWith('s3://') ? s3Location(text, stack) : undefined;
}
