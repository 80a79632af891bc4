import { type SlotData, slotDataFolder, uriOf } from '@freshpoint/cdk/contract';
import { MAX_FOLDER_OBJECTS } from './listing.ts';
import { MAX_KEY_BYTES } from './object-url.ts';
import type { SourceFile } from './observation.ts';
import { sourceUriOf } from './source-object.ts';

/** Why the files in folders cannot be copied to slots and loaded from there; undefined: they can. Pure. */
export function folderProblem(data: SlotData, files: readonly SourceFile[]): string | undefined {
  let count = 0;
  for (const [index, source] of data.files.entries()) {
    if (!('folder' in source)) continue;
    const slotFolder = slotDataFolder(data.root, 'a', index);
    for (const file of files.filter((each) => sourceUriOf(each) === uriOf(source))) {
      count += 1;
      const uri = `s3://${file.bucket}/${file.key}`;
      const path = file.key.slice(source.folder.length);
      if (path.split('/').includes('..')) {
        return `${uri} leads outside the model's folder, because its key has "..". Upload it under another key.`;
      }
      if (Buffer.byteLength(`${slotFolder}${path}`) > MAX_KEY_BYTES) {
        return `The key of ${uri} is too long to be copied to slot data. Upload it under a shorter key.`;
      }
    }
  }
  if (count <= MAX_FOLDER_OBJECTS) return undefined;
  const folders = data.files.flatMap((source) => ('folder' in source ? uriOf(source) : [])).join(', ');
  return (
    `There are more than ${MAX_FOLDER_OBJECTS} objects at ${folders}. ` +
    'Put them into fewer and larger files, or use ModelData.inPlace().'
  );
}
