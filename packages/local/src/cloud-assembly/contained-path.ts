import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The absolute path of `path` relative to `folder`. Throws when it does not exist or is outside of `root`, also after
 * symbolic links are followed.
 */
export async function containedPath(root: string, folder: string, path: string): Promise<string> {
  const absolute = resolve(folder, path);
  const check = (base: string, found: string) => {
    const way = relative(base, found);
    if (way.split(sep)[0] !== '..' && !isAbsolute(way)) return;
    throw new Error(`The cloud assembly ${root} refers to "${path}", which is outside of its folder.`);
  };
  // The text is checked first, so that no path outside is accessed.
  check(resolve(root), absolute);
  check(await realpath(root), await realpath(absolute));
  return absolute;
}
