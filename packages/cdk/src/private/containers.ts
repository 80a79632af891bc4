import type { CfnModel, CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import { isReadable, isReadableList } from './tokens';

/** A container of a model. */
export type Container = CfnModel.ContainerDefinitionProperty;

/** A container in a model's props. */
export interface ContainerEntry {
  /** `primaryContainer` or `containers[<index>]`; `containers` if the list is a token. */
  readonly path: string;
  /** Absent: a token. */
  readonly container?: Container;
}

/** A URL from which a container loads model data. */
export interface DataReference {
  /** The property with the URL; `modelDataSource` if that is a token. */
  readonly property: 'modelDataUrl' | 's3Uri' | 'modelDataSource';
  /** Absent: a token hides it. */
  readonly url?: string;
  /**
   * Objects that the URL refers to. `object-or-prefix`: a prefix if the URL ends with a slash. `multi-model`: the
   * archives below a prefix.
   */
  readonly layout: 'object' | 'prefix' | 'object-or-prefix' | 'multi-model';
  /** `archive`: each object is a gzipped tar archive. */
  readonly format: 'archive' | 'uncompressed';
}

/** The containers in a model's props. */
export function containersOf({ primaryContainer, containers }: CfnModelProps): ContainerEntry[] {
  const entries: ContainerEntry[] = [];
  if (primaryContainer !== undefined) entries.push(entryOf('primaryContainer', primaryContainer));
  if (isReadableList(containers)) {
    entries.push(...containers.map((each, index) => entryOf(`containers[${index}]`, each)));
  } else if (containers !== undefined) {
    entries.push({ path: 'containers' });
  }
  return entries;
}

/** The props with each container that is not a token replaced by what `change` returns for it and its position. */
export function mapContainers(
  props: CfnModelProps,
  change: (container: Container, index: number) => Container,
): CfnModelProps {
  const { primaryContainer, containers } = props;
  return {
    ...props,
    ...(primaryContainer !== undefined &&
      isReadable(primaryContainer) && { primaryContainer: change(primaryContainer, 0) }),
    ...(isReadableList(containers) && {
      containers: containers.map((each, index) => (isReadable(each) ? change(each, index) : each)),
    }),
  };
}

/** The model data that a container loads. */
export function dataReferencesOf({ mode, modelDataUrl, modelDataSource }: Container): DataReference[] {
  const isMultiModel = mode === 'MultiModel';
  const references: DataReference[] = [];
  if (modelDataUrl !== undefined) {
    const layout = isMultiModel ? 'multi-model' : 'object-or-prefix';
    references.push({ property: 'modelDataUrl', url: modelDataUrl, layout, format: 'archive' });
  }
  if (modelDataSource === undefined) return references;
  const s3 = isReadable(modelDataSource) ? modelDataSource.s3DataSource : undefined;
  if (!isReadable(modelDataSource) || (s3 !== undefined && !isReadable(s3))) {
    const layout = isMultiModel ? 'multi-model' : 'object-or-prefix';
    references.push({ property: 'modelDataSource', layout, format: 'uncompressed' });
  } else if (s3 !== undefined) {
    references.push({
      property: 's3Uri',
      url: s3.s3Uri,
      layout: isMultiModel ? 'multi-model' : layoutOf(s3),
      format: s3.s3DataType === 'S3Object' && s3.compressionType === 'Gzip' ? 'archive' : 'uncompressed',
    });
  }
  return references;
}

/** The container with the URL of its first data reference replaced. */
export function withDataUrl(container: Container, url: string): Container {
  const { modelDataUrl, modelDataSource } = container;
  if (modelDataUrl !== undefined) return { ...container, modelDataUrl: url };
  if (modelDataSource === undefined || !isReadable(modelDataSource)) return container;
  const { s3DataSource } = modelDataSource;
  if (s3DataSource === undefined || !isReadable(s3DataSource)) return container;
  return { ...container, modelDataSource: { ...modelDataSource, s3DataSource: { ...s3DataSource, s3Uri: url } } };
}

function entryOf(path: string, container: CfnModelProps['primaryContainer']): ContainerEntry {
  return container !== undefined && isReadable(container) ? { path, container } : { path };
}

function layoutOf({ s3DataType }: CfnModel.S3DataSourceProperty): DataReference['layout'] {
  if (s3DataType === 'S3Prefix') return 'prefix';
  return s3DataType === 'S3Object' ? 'object' : 'object-or-prefix';
}
