import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { ArchiveSource, PackageSource } from '../contract';
import { containersOf, dataReferencesOf } from './containers';
import type { DeclaredModel } from './declared-models';
import { packageGroupProblems } from './model-package-group';
import { type SourceUrl, sourceUrlOf } from './source-url';

/** A container that loads what a `ModelSource` chooses. */
interface ChoosingContainer {
  /** The property, for messages. */
  readonly where: string;
  readonly url: SourceUrl;
  /** Why the archive cannot be copied for the container. Absent: it can. */
  readonly obstacle?: string;
}

function choosingContainers(models: readonly DeclaredModel[]): ChoosingContainer[] {
  return models.flatMap(({ id, declared }) =>
    containersOf(declared.props).flatMap(({ path, container }) =>
      (container ? dataReferencesOf(container) : []).flatMap(({ property, url, layout, format }, index) => {
        const found = sourceUrlOf(url);
        if (!found) return [];
        const where = `${property} in ${path} of model "${id}"`;
        if (layout === 'multi-model') return [{ where, url: found, obstacle: 'the container is a multi-model one' }];
        const isArchive = format === 'archive' && index === 0;
        return [{ where, url: found, ...(!isArchive && { obstacle: 'it is not the only archive of the container' }) }];
      }),
    ),
  );
}

/** The buckets whose uploads change what the models' `ModelSource`s choose, each once. */
export function watchedBuckets(models: readonly DeclaredModel[]): IBucket[] {
  return [...new Set(choosingContainers(models).flatMap(({ url }) => url.bucket ?? []))];
}

/** The buckets that the models' `ModelSource`s read, each once. */
export function readBuckets(models: readonly DeclaredModel[]): IBucket[] {
  return [
    ...new Set(choosingContainers(models).flatMap(({ url }) => [...(url.bucket ? [url.bucket] : []), ...url.targets])),
  ];
}

/** Problems with the `ModelSource`s of the models. `isPerSlot`: whether the endpoint has model data per slot. */
export function sourceUrlProblems(
  scope: Construct,
  models: readonly DeclaredModel[],
  { isPerSlot }: { readonly isPerSlot: boolean },
): string[] {
  return choosingContainers(models).flatMap(({ where, url, obstacle }) => {
    const inPlace = isPerSlot ? obstacle : 'modelData is ModelData.inPlace()';
    const problems: string[] = [];
    if (inPlace !== undefined) {
      problems.push(
        `${where} is that of a ModelSource, but ${inPlace}. What a ModelSource chooses has no fixed URL, so it is ` +
          'served from copies. Use it with ModelData.perSlot() as modelDataUrl of a single-model container.',
      );
    }
    const { source } = url;
    return [
      ...problems,
      ...('packageGroup' in source
        ? packageGroupProblems(scope, where, source.packageGroup)
        : keyProblems(where, source)),
    ];
  });
}

function keyProblems(where: string, source: Exclude<ArchiveSource, PackageSource>): string[] {
  const isPointer = 'pointer' in source;
  const [text, what] = isPointer
    ? [source.pointer, 'key']
    : ['newestBelow' in source ? source.newestBelow : '', 'prefix'];
  const isEmptyPointer = isPointer && text === '';
  if (!isEmptyPointer && !text.startsWith('/') && !text.startsWith('s3://')) return [];
  const example = isPointer ? 'models/current.txt' : 'training/';
  return [
    `${where} is that of a ModelSource with the ${what} "${text}", expected a ${what} in its bucket. ` +
      `Write it without bucket and leading slash, for example "${example}".`,
  ];
}
