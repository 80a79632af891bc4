import { createCipheriv, createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CODE_FOLDER } from '@freshpoint-examples/iris/names';
import { create } from 'tar';
import { type TreeModel, trainModels } from './train.ts';

/** Paths of the model archives. */
export interface Artifacts {
  readonly v1Path: string;
  readonly v2Path: string;
  /** A valid archive with a truncated model.json: the container that loads it never becomes healthy. */
  readonly brokenPath: string;
}

/** Options of the archives. */
export interface ArtifactOptions {
  /**
   * Least size of the archives of v1 and v2, in bytes.
   * @default 0 no padding
   */
  readonly leastBytes?: number;
}

/**
 * Builds the archives in `directory`, and the directory if it does not exist. The same models always give the same
 * bytes and therefore the same ETag in S3.
 */
export async function writeArtifacts(directory: string, options: ArtifactOptions = {}): Promise<Artifacts> {
  const { v1, v2 } = trainModels();
  const leastBytes = options.leastBytes ?? 0;
  const pathOf = (name: string) => join(directory, name, 'model.tar.gz');
  const artifacts: Artifacts = { v1Path: pathOf('v1'), v2Path: pathOf('v2'), brokenPath: pathOf('broken') };
  await writeArchive(artifacts.v1Path, modelJson(v1.model), leastBytes);
  await writeArchive(artifacts.v2Path, modelJson(v2.model), leastBytes);
  const whole = modelJson(v2.model);
  await writeArchive(artifacts.brokenPath, whole.slice(0, whole.length / 2), 0);
  return artifacts;
}

const CODE_FILES = ['inference.mjs', 'inference.py'];
const MTIME = new Date('2026-01-01T00:00:00Z');

const modelJson = (model: TreeModel) => `${JSON.stringify(model, undefined, 2)}\n`;

async function writeArchive(path: string, model: string, leastBytes: number): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const content = await mkdtemp(`${path}-`);
  try {
    await mkdir(join(content, 'code'));
    await writeFile(join(content, 'model.json'), model);
    const files = ['model.json'];
    for (const name of CODE_FILES) {
      await copyFile(join(CODE_FOLDER, name), join(content, 'code', name));
      files.push(`code/${name}`);
    }
    if (leastBytes > 0) {
      // Padding: the trees take a few kilobytes, and only an upload above 5 MiB has several parts.
      await writeFile(join(content, 'weights.bin'), noise(leastBytes, model));
      files.push('weights.bin');
    }
    // The archive contains the file modes, which would depend on the user's umask.
    for (const file of files) await chmod(join(content, file), 0o644);
    // Two demos may build at the same time: an archive must never be visible half-written.
    const finished = join(content, 'model.tar.gz');
    await create({ file: finished, cwd: content, gzip: { level: 1 }, portable: true, mtime: MTIME }, files);
    await rename(finished, path);
  } finally {
    await rm(content, { recursive: true, force: true });
  }
}

/** `size` bytes that gzip cannot compress and that depend on `seed` only. */
function noise(size: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
