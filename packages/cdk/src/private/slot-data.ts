import { type Stack, Token } from 'aws-cdk-lib';
import type { CfnModel, CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import { type ObjectSource, type Slot, type SlotData, slotDataKey } from '../contract';
import { digest8 } from './digest';
import type { DeclaredModel } from './models';
import { s3Location } from './sources';

type Container = CfnModel.ContainerDefinitionProperty;

/** Which of the models' containers load copies, and which go on loading the sources. */
export interface SlotPlan {
  /** The copied sources, each once. */
  readonly files: readonly ObjectSource[];
  /** For each place that stays as it is: where it is and why. */
  readonly inPlace: readonly string[];
}

/** Reads the models' containers. */
export function slotPlan(models: readonly DeclaredModel[], stack: Stack): SlotPlan {
  const files = new Map<string, ObjectSource>();
  const inPlace: string[] = [];
  for (const { id, declared } of models) {
    for (const [name, container] of containersOf(declared.props)) {
      const found = archiveOf(container, stack);
      if (typeof found === 'string') inPlace.push(`${name} of model "${id}" (${found})`);
      else if (found) files.set(`${found.bucket}/${found.key}`, found);
    }
  }
  return { files: [...files.values()], inPlace };
}

/** The places of these files. Other files get other places: those of a deployment before must stay for its rollback. */
export function slotData(endpointId: string, bucket: string, { files, inPlace }: SlotPlan, stack: Stack): SlotData {
  const root = `${endpointId}/${digest8(stack.resolve(files))}/`;
  return { bucket, root, files, ...(inPlace.length > 0 && { partial: true as const }) };
}

/** The model's props with each archive's URL replaced by that of its copy in the slot. */
export function placedProps(props: CfnModelProps, data: SlotData, slot: Slot, stack: Stack): CfnModelProps {
  const placed = (container: unknown): unknown => {
    const index = placeOf(container, data, stack);
    return index === undefined ? container : loading(container as Container, urlOf(data, slot, index));
  };
  const { primaryContainer, containers } = props as { primaryContainer?: unknown; containers?: unknown };
  return {
    ...props,
    ...(primaryContainer !== undefined && { primaryContainer: placed(primaryContainer) as Container }),
    ...(isList(containers) && { containers: containers.map(placed) as Container[] }),
  };
}

/** Keys of the places that a model loads in a slot. */
export function placesOf(props: CfnModelProps, data: SlotData, slot: Slot, stack: Stack): string[] {
  const indices = containersOf(props).map(([, container]) => placeOf(container, data, stack));
  return [...new Set(indices)].flatMap((index) => (index === undefined ? [] : slotDataKey(data.root, slot, index)));
}

function urlOf({ bucket, root }: SlotData, slot: Slot, index: number): string {
  return `s3://${bucket}/${slotDataKey(root, slot, index)}`;
}

function placeOf(container: unknown, { files }: SlotData, stack: Stack): number | undefined {
  const found = archiveOf(container, stack);
  if (found === undefined || typeof found === 'string') return undefined;
  return files.findIndex(({ bucket, key }) => bucket === found.bucket && key === found.key);
}

function loading(container: Container, url: string): Container {
  if (container.modelDataUrl !== undefined) return { ...container, modelDataUrl: url };
  const source = container.modelDataSource as CfnModel.ModelDataSourceProperty;
  const s3DataSource = { ...(source.s3DataSource as CfnModel.S3DataSourceProperty), s3Uri: url };
  return { ...container, modelDataSource: { ...source, s3DataSource } };
}

/** The archive that a container loads; undefined: it loads nothing; a text: why what it loads isn't copied. */
function archiveOf(container: unknown, stack: Stack): ObjectSource | string | undefined {
  if (Token.isUnresolved(container)) return 'a token';
  const { mode, modelDataUrl, modelDataSource } = container as Container;
  if (modelDataUrl === undefined && modelDataSource === undefined) return undefined;
  if (mode === 'MultiModel') return 'a multi-model container';
  if (modelDataUrl !== undefined) return objectAt(modelDataUrl, stack);
  const data = modelDataSource as CfnModel.ModelDataSourceProperty;
  if (Token.isUnresolved(data) || Token.isUnresolved(data.s3DataSource)) return 'a token';
  const s3 = data.s3DataSource as CfnModel.S3DataSourceProperty | undefined;
  if (s3 === undefined) return undefined;
  if (s3.s3DataType !== 'S3Object' || s3.compressionType !== 'Gzip') return 'uncompressed data';
  return objectAt(s3.s3Uri, stack);
}

function objectAt(url: string, stack: Stack): ObjectSource | string {
  const location = s3Location(url, stack);
  if (!location) return 'a URL that hides bucket and key';
  return location.key === '' || location.key.endsWith('/') ? 'a prefix' : location;
}

/** Each container with its name among the model's props. */
function containersOf(props: CfnModelProps): [string, unknown][] {
  const { primaryContainer, containers } = props as { primaryContainer?: unknown; containers?: unknown };
  const all: [string, unknown][] = primaryContainer === undefined ? [] : [['primaryContainer', primaryContainer]];
  if (isList(containers))
    all.push(...containers.map((each, index): [string, unknown] => [`containers[${index}]`, each]));
  else if (containers !== undefined) all.push(['containers', containers]);
  return all;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !Token.isUnresolved(value);
}
