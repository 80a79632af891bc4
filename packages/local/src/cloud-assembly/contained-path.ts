import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The absolute path of `path` as seen from `folder`, which must lie inside `root`, also after symbolic links are followed.
 * Throws when it leaves `root` or does not exist.
 */
export async function containedPath(root: string, folder: string, path: string): Promise<string> {
  const absolute = resolve(folder, path);
  // The text is checked before the disk is asked, so that nothing outside is even looked at.
  if (!isInside(resolve(root), absolute)) throw outside(root, path);
  const real = await realpath(absolute);
  if (!isInside(await realpath(root), real)) throw outside(root, path);
  return absolute;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function outside(root: string, path: string): Error {
  return new Error(`The cloud assembly ${root} refers to "${path}", which is outside of its folder.`);
}
