import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CodeStore, StoredCode } from '#simulator/lambda/code';
import { invalidParameter } from '#simulator/lambda/errors';
import { unzip } from './unzip.ts';

/** How a code store treats folders, and code that is no longer used. */
export interface CodeStoreOptions {
  /** Takes each removal and calls it when no saved state needs the code. @default at once, and assets stay in place */
  readonly defer?: (removeCode: () => void) => void;
}

/**
 * Keeps code in `folder`, which is created when needed: archives are unpacked there and inline code is written there.
 * An asset that is a folder is used in place; where the state is kept, it is copied, because the assembly may be gone
 * at the next start.
 */
export function createCodeStore(folder: string, { defer }: CodeStoreOptions = {}): CodeStore {
  const unpacked = new Set<string>();

  const newFolder = async (functionName: string): Promise<string> => {
    await mkdir(folder, { recursive: true });
    const path = await mkdtemp(join(folder, `${functionName}-`));
    unpacked.add(path);
    return path;
  };

  const storeZip = async (functionName: string, bytes: Uint8Array): Promise<StoredCode> => {
    const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let entries: ReturnType<typeof unzip>;
    try {
      entries = unzip(archive);
    } catch (error) {
      throw invalidParameter(
        'Could not unzip uploaded file. Please check your file, then try to upload again. ' +
          `(${(error as Error).message})`,
        error,
      );
    }
    const path = await newFolder(functionName);
    for (const entry of entries) {
      const file = join(path, entry.path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, entry.content);
    }
    return { path, sha256: createHash('sha256').update(archive).digest('base64'), size: archive.length };
  };

  return {
    async store(functionName, source) {
      if (source.kind === 'zip') return await storeZip(functionName, source.bytes);
      if (source.kind === 'inline') {
        const path = await newFolder(functionName);
        await writeFile(join(path, source.fileName), source.source);
        return await describeFolder(path);
      }
      const found = await stat(source.path).catch((error: unknown) => {
        throw invalidParameter(`There is no code at ${source.path}.`, error);
      });
      if (found.isDirectory()) {
        if (!defer) return await describeFolder(source.path);
        const path = await newFolder(functionName);
        await cp(source.path, path, { recursive: true });
        return await describeFolder(path);
      }
      return await storeZip(functionName, await readFile(source.path));
    },
    async release(code) {
      if (!unpacked.delete(code.path)) return;
      if (defer) defer(() => rmSync(code.path, { recursive: true, force: true }));
      else await rm(code.path, { recursive: true, force: true });
    },
    keepOnly(paths) {
      for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const path = join(folder, name);
        if (paths.has(path)) unpacked.add(path);
        else rmSync(path, { recursive: true, force: true });
      }
    },
  };
}

/** Size and digest of a folder's files, in the order of their paths. */
async function describeFolder(path: string): Promise<StoredCode> {
  const hash = createHash('sha256');
  let size = 0;
  const files = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length))
    .sort();
  for (const file of files) {
    const content = await readFile(join(path, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
    size += content.length;
  }
  return { path, sha256: hash.digest('base64'), size };
}
