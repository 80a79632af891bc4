import type { Stack } from 'aws-cdk-lib';
import type { CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import {
  type EndpointStore,
  type Slot,
  type SlotData,
  type SlotSource,
  slotDataFolder,
  slotDataKey,
  slotsPrefix,
  uriOf,
} from '../contract';
import { type ContainerEntry, containersOf, dataReferencesOf, mapContainers, withDataUrl } from './containers';
import type { DeclaredModel } from './declared-models';
import { digest8 } from './digest';
import { parseS3Url } from './s3-url';
import { sourceUrlOf } from './source-url';

/** Which model data is copied into slot data, and which stays in place. */
export interface SlotDataPlan {
  /** The sources that are copied, each once. */
  readonly files: readonly SlotSource[];
  /** One text per model data that stays in place: where it is, and the reason. */
  readonly inPlace: readonly string[];
}

export function planSlotData(models: readonly DeclaredModel[], stack: Stack): SlotDataPlan {
  const files = new Map<string, SlotSource>();
  const inPlace: string[] = [];
  for (const { id, declared } of models) {
    for (const entry of containersOf(declared.props)) {
      const found = slotSourceOf(entry, stack);
      if (typeof found === 'string') inPlace.push(`${entry.path} of model "${id}" (${found})`);
      else if (found) files.set(uriOf(found), found);
    }
  }
  return { files: [...files.values()], inPlace };
}

/**
 * Where the slot data of these files is stored. Other files get another root, so a deployment that changes the sources
 * keeps the slot data that its rollback needs.
 */
export function slotDataOf(plan: SlotDataPlan, store: EndpointStore, stack: Stack): SlotData {
  const { files, inPlace } = plan;
  const root = `${slotsPrefix(store)}${digest8(stack.resolve(files))}/`;
  return { bucket: store.bucket, root, files, ...(inPlace.length > 0 && { partial: true as const }) };
}

/** The slot data of one slot. */
export interface DataOfSlot {
  readonly slot: Slot;
  readonly data: SlotData;
  /** Resolves tokens in URLs. */
  readonly stack: Stack;
}

/** The model's props, in which the URL of the slot data replaces that of each copied source. */
export function withSlotData(props: CfnModelProps, dataOfSlot: DataOfSlot): CfnModelProps {
  return mapContainers(props, (container) => {
    const [key] = keysOf([{ path: '', container }], dataOfSlot);
    return key === undefined ? container : withDataUrl(container, `s3://${dataOfSlot.data.bucket}/${key}`);
  });
}

/** Keys of the slot data that a model loads, each once; that of a folder ends with a slash. */
export function slotDataKeysOf(props: CfnModelProps, dataOfSlot: DataOfSlot): string[] {
  return [...new Set(keysOf(containersOf(props), dataOfSlot))];
}

function keysOf(entries: readonly ContainerEntry[], { slot, data, stack }: DataOfSlot): string[] {
  return entries.flatMap((entry) => {
    const found = slotSourceOf(entry, stack);
    if (found === undefined || typeof found === 'string') return [];
    const index = data.files.findIndex((file) => uriOf(file) === uriOf(found));
    return 'folder' in found ? slotDataFolder(data.root, slot, index) : slotDataKey(data.root, slot, index);
  });
}

/** The source that a container loads; a text: the reason that its data cannot be copied; undefined: it has no data. */
function slotSourceOf({ container }: ContainerEntry, stack: Stack): SlotSource | string | undefined {
  if (!container) return 'a token';
  const [reference] = dataReferencesOf(container);
  if (!reference) return undefined;
  if (reference.layout === 'multi-model') return 'a multi-model container';
  if (reference.url === undefined) return 'a token';
  const chosen = sourceUrlOf(reference.url);
  if (chosen) return reference.format === 'archive' ? chosen.source : 'uncompressed data';
  const location = parseS3Url(reference.url, stack);
  if (!location) return 'a URL that hides bucket and key';
  const { bucket, key } = location;
  if (reference.format === 'archive') return key === '' || key.endsWith('/') ? 'a prefix' : location;
  if (reference.layout !== 'prefix') return 'a single uncompressed object';
  if (key === '') return 'a whole bucket';
  return key.endsWith('/') ? { bucket, folder: key } : 'a prefix without a slash at the end';
}
