import { type SlotData, uriOf } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { sourceUriOf } from '../policy/source-object.ts';

/** The files that are known to be archives: those that are copied as such, and those in place that end in .tar.gz. */
export function archivesOf(data: SlotData | undefined, files: readonly SourceFile[]): SourceFile[] {
  return files.filter((file) => {
    const copied = data?.files.find((source) => uriOf(source) === sourceUriOf(file));
    return copied ? !('folder' in copied) : file.key.endsWith('.tar.gz');
  });
}
