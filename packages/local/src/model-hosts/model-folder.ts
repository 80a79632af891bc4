import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes all write permissions, as in /opt/ml/model. */
export async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadOnly(path);
    // The mode of a link is that of what it leads to.
    else if (!entry.isSymbolicLink()) await chmod(path, 0o444);
  }
  await chmod(folder, 0o555);
}

/** Removes a folder, also a read-only one. Does nothing if it does not exist. */
export async function removeFolder(folder: string): Promise<void> {
  await makeWritable(folder).catch(() => undefined);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
