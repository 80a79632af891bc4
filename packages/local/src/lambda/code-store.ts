import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AwsError } from '#simulator/core/aws-error';
import type { CodeSource, CodeStore, StoredCode } from '#simulator/lambda/code';
import { invalidParameter } from '#simulator/lambda/errors';
import { unzip } from './unzip.ts';

/** How a code store treats code that is no longer used. */
export interface CodeStoreOptions {
  /** Takes each removal and calls it when no saved state needs the code. @default at once */
  readonly defer?: (removeCode: () => void) => void;
}

/**
 * Keeps code in `folder`, which is created when needed: archives are unpacked there, inline code is written there, and
 * assets that are folders are copied, because the assembly may be gone while the function still runs.
 */
export function createCodeStore(folder: string, { defer = (remove) => remove() }: CodeStoreOptions = {}): CodeStore {
  return {
    async store(functionName, source) {
      const archive = await archiveOf(source);
      const files = archive ? unzipped(archive) : [];
      if (source.kind === 'inline') files.push({ path: source.fileName, content: Buffer.from(source.source) });
      await mkdir(folder, { recursive: true });
      const path = await mkdtemp(join(folder, `${functionName}-`));
      try {
        for (const file of files) {
          await mkdir(dirname(join(path, file.path)), { recursive: true });
          await writeFile(join(path, file.path), file.content);
        }
      } catch (error) {
        // A file where another entry has a folder, or a name that is too long.
        await rm(path, { recursive: true, force: true });
        throw notUnzipped(error);
      }
      if (source.kind === 'path' && !archive) await cp(source.path, path, { recursive: true });
      const code = await describe(path, archive ? [archive] : contentsOf(path));
      // On Lambda nothing is above the code. Here, a package.json above it could say that it consists of ES modules.
      await writeFile(join(path, 'package.json'), '{}', { flag: 'wx' }).catch(() => undefined);
      return code;
    },
    async release({ path }) {
      defer(() => rmSync(path, { recursive: true, force: true }));
    },
    keepOnly(paths) {
      const found = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
      for (const path of found) if (!paths.has(path)) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Absent for inline code, and for an asset that is a folder. */
async function archiveOf(source: CodeSource): Promise<Buffer | undefined> {
  if (source.kind === 'zip') return Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength);
  if (source.kind === 'inline') return undefined;
  const found = await stat(source.path).catch((error: unknown) => {
    throw invalidParameter(`There is no code at ${source.path}.`, error);
  });
  return found.isDirectory() ? undefined : await readFile(source.path);
}

function unzipped(archive: Buffer): ReturnType<typeof unzip> {
  try {
    return unzip(archive);
  } catch (error) {
    throw error instanceof AwsError ? error : notUnzipped(error);
  }
}

const notUnzipped = (cause: unknown): AwsError =>
  invalidParameter('Could not unzip uploaded file. Please check your file, then try to upload again.', cause);

/** Path and content of each file in a folder, in the order of the paths. */
async function* contentsOf(folder: string): AsyncGenerator<Uint8Array> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    yield Buffer.from(path.slice(folder.length));
    yield await readFile(path);
  }
}

async function describe(path: string, contents: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<StoredCode> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const content of contents) {
    hash.update(content);
    size += content.length;
  }
  return { path, sha256: hash.digest('base64'), size };
}
