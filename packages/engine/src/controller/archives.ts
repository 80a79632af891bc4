import type { SlotData } from '@freshpoint/cdk/contract';
import { folderProblem } from '../policy/folder-problem.ts';
import type { CheckView, SourceFile } from '../policy/observation.ts';
import { sourceUriOf, uriOf } from '../policy/source-object.ts';
import type { CheckOptions, Ports } from '../ports.ts';

/** Checks what is about to be served: whether folders can be copied, and whether a fleet can load the archives. */
export async function checkFiles(
  { sources }: Pick<Ports, 'sources'>,
  data: SlotData | undefined,
  files: readonly SourceFile[],
  options: CheckOptions,
): Promise<CheckView> {
  const message = data && folderProblem(data, files);
  if (message !== undefined) return { kind: 'refused', message };
  return sources.check(archivesOf(data, files), options);
}

/** The files that are known to be archives: those that are copied as such, and those in place that end in .tar.gz. */
export function archivesOf(data: SlotData | undefined, files: readonly SourceFile[]): SourceFile[] {
  return files.filter((file) => {
    const copied = data?.files.find((source) => uriOf(source) === sourceUriOf(file));
    return copied ? !('folder' in copied) : file.key.endsWith('.tar.gz');
  });
}
