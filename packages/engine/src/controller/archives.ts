import type { SlotData } from '@freshpoint/cdk/contract';
import type { SourceFile } from '../policy/observation.ts';

/** The files that are known to be archives: those that are copied to slots, and those named *.tar.gz. */
export function archivesOf(data: SlotData | undefined, files: readonly SourceFile[]): SourceFile[] {
  const isCopied = ({ bucket, key }: SourceFile) =>
    data?.files.some((file) => file.bucket === bucket && file.key === key) ?? false;
  return files.filter((file) => isCopied(file) || file.key.endsWith('.tar.gz'));
}
