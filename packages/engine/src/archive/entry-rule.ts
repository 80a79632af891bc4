import { type ArchiveEntry, isKnownType } from './archive-entry.ts';
import type { Findings } from './findings.ts';
import { printableText } from './printable.ts';

/** Longest name in the file systems of Linux, in bytes. */
const MAX_NAME_BYTES = 255;
/** Longest path that Linux takes, in bytes. */
const MAX_PATH_BYTES = 4095;
/** What a decoder puts in the place of bytes that are not UTF-8. */
const NOT_UTF8 = '\ufffd';

/** Why an archive with this entry cannot be loaded, or must not be. Undefined: nothing speaks against it. */
export function problemOf(entry: ArchiveEntry): string | undefined {
  const { path, kind, names, type } = entry;
  const shown = printableText(path);
  // The SageMaker Python SDK packs its archives with the entry "/": tars strip the slash.
  const isRoot = kind === 'folder' && /^\/+$/.test(path);
  if (!isRoot && leadsOutside(path)) return `has the entry "${shown}", which is outside the archive's folder.`;
  if (kind === 'special') return `has the entry "${shown}", which is neither a file nor a folder (${type}).`;
  if (kind === 'label') return undefined;
  if (names.length === 0 && kind !== 'folder') return `has the entry "${shown}", which is not the name of a file.`;
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return `has the entry "${shown}", a path of more than ${MAX_PATH_BYTES} bytes.`;
  }
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    return `has the entry "${shown}", with a name of more than ${MAX_NAME_BYTES} bytes.`;
  }
  return linkProblem(entry);
}

function linkProblem({ path, kind, target }: ArchiveEntry): string | undefined {
  if (kind !== 'symbolic link' && kind !== 'hard link') return undefined;
  const shown = printableText(path);
  if (target === '') return `has the entry "${shown}", a link to nothing.`;
  const folder = kind === 'symbolic link' ? path.split('/').slice(0, -1).join('/') : '';
  if (!target.startsWith('/') && !leadsOutside(`${folder}/${target}`.replace(/^\//, ''))) return undefined;
  return `has the entry "${shown}", a link to "${printableText(target)}", which is outside the archive's folder.`;
}

/** Notes what is unusual about an entry, but does not surely keep it from being loaded. */
export function noteUnusual({ path, kind, type, target }: ArchiveEntry, typeFlag: string, findings: Findings): void {
  const shown = printableText(path);
  if (kind === 'symbolic link') {
    findings.add(
      'symbolic link',
      () =>
        `has the symbolic link "${shown}" to "${printableText(target)}". According to AWS, SageMaker cannot extract ` +
        'archives with symbolic links. Pack the files themselves: tar --dereference.',
    );
  }
  if (!isKnownType(typeFlag)) {
    findings.add('type', () => `has the entry "${shown}" of the unknown type ${type}. It is taken for a file.`);
  }
  if (path.split('/').includes('..')) {
    findings.add('..', () => `has the entry "${shown}" with "..", which some programs do not extract.`);
  }
  if (path.includes(NOT_UTF8)) {
    findings.add('encoding', () => `has the entry "${shown}", whose name is not UTF-8.`);
  }
}

/** Whether a path leads out of its folder. */
function leadsOutside(path: string): boolean {
  if (path.startsWith('/')) return true;
  let depth = 0;
  for (const name of path.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
