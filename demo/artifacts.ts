import { createCipheriv, createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from 'tar';
import { type Model, trainModels } from './train.ts';

/** Paths of the model archives. */
export interface Artifacts {
  readonly v1Path: string;
  readonly v2Path: string;
  /** A sound archive whose model.json is cut off: the container that loads it never gets healthy. */
  readonly brokenPath: string;
}

/** How the archives are built. */
export interface ArtifactOptions {
  /**
   * Least size of v1's and v2's archives, in bytes.
   * @default 0 no padding
   */
  readonly padTo?: number;
}

/**
 * Builds the archives in `directory`, which is made when it is missing. The same models give the same bytes each time, so
 * S3 gives them the same ETag.
 */
export async function writeArtifacts(directory: string, options: ArtifactOptions = {}): Promise<Artifacts> {
  const { v1, v2 } = trainModels();
  const padTo = options.padTo ?? 0;
  await mkdir(directory, { recursive: true });
  const [v1Path, v2Path, brokenPath] = ['v1', 'v2', 'broken'].map((name) => join(directory, name, 'model.tar.gz'));
  await writeArchive(v1Path!, modelJson(v1.model), padTo);
  await writeArchive(v2Path!, modelJson(v2.model), padTo);
  const whole = modelJson(v2.model);
  await writeArchive(brokenPath!, whole.slice(0, whole.length / 2), 0);
  return { v1Path: v1Path!, v2Path: v2Path!, brokenPath: brokenPath! };
}

const INFERENCE = fileURLToPath(new URL('./model-code/inference.mjs', import.meta.url));
const MTIME = new Date('2026-01-01T00:00:00Z');

const modelJson = (model: Model) => `${JSON.stringify(model, undefined, 2)}\n`;

async function writeArchive(path: string, model: string, padTo: number): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const content = await mkdtemp(`${path}-`);
  try {
    await mkdir(join(content, 'code'));
    await writeFile(join(content, 'model.json'), model);
    await copyFile(INFERENCE, join(content, 'code', 'inference.mjs'));
    const files = ['model.json', 'code/inference.mjs'];
    if (padTo > 0) {
      // Dead weight: the trees take a few kilobytes, and an upload is a multipart one only above 5 MiB.
      await writeFile(join(content, 'weights.bin'), noise(padTo, model));
      files.push('weights.bin');
    }
    // The archive holds the modes, which would follow the user's umask.
    for (const file of files) await chmod(join(content, file), 0o644);
    // Two demos may build at once: the archive appears whole or not at all.
    const finished = join(content, 'model.tar.gz');
    await create({ file: finished, cwd: content, gzip: { level: 1 }, portable: true, mtime: MTIME }, files);
    await rename(finished, path);
  } finally {
    await rm(content, { recursive: true, force: true });
  }
}

/** `size` bytes that gzip cannot make smaller and that follow from `seed` alone. */
function noise(size: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
