import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The absolute path of `path` relative to `folder`. Throws when it does not exist or is outside of `root`, also after
 * symbolic links are followed.
 */
export async function containedPath(root: string, folder: string, path: string): Promise<string> {
  const absolute = resolve(folder, path);
  // The text is checked first, so that no path outside is accessed.
  if (!isInside(resolve(root), absolute)) throw outsideError(root, path);
  const real = await realpath(absolute);
  if (!isInside(await realpath(root), real)) throw outsideError(root, path);
  return absolute;
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function outsideError(root: string, path: string): Error {
  return new Error(`The cloud assembly ${root} refers to "${path}", which is outside of its folder.`);
}
