import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Path of a script beside the module with the given `import.meta.url`: `name.ts` in the sources, `name.js` when built.
 * The build must keep the script as a separate file in the same folder.
 */
export function siblingScript(name: string, importMetaUrl: string): string {
  const extension = extname(new URL(importMetaUrl).pathname);
  return fileURLToPath(new URL(`./${name}${extension}`, importMetaUrl));
}
