import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a script that lies beside the module whose `import.meta.url` is given: `name.ts` when run from the sources,
 * `name.js` once built. The built module must keep the script as a file of its own in the same folder.
 */
export function siblingScript(name: string, importMetaUrl: string): string {
  const extension = extname(new URL(importMetaUrl).pathname);
  return fileURLToPath(new URL(`./${name}${extension}`, importMetaUrl));
}
