import type { SlotData } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';
import { sourceUriOf, uriOf } from '../policy/source-object.ts';

/** The files that are known to be archives: those that are copied to slots, and those named *.tar.gz. */
export function archivesOf(data: SlotData | undefined, files: readonly SourceFile[]): SourceFile[] {
  const isCopied = (file: SourceFile) => data?.files.some((source) => uriOf(source) === sourceUriOf(file)) ?? false;
  return files.filter((file) => isCopied(file) || file.key.endsWith('.tar.gz'));
}
