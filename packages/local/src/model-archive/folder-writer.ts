import { type FileHandle, link, mkdir, open, rm, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ArchiveEntry } from '#archive/archive-entry';
import type { ArchiveSink } from '#archive/check-archive';
import { printableText } from '#archive/printable';
import { type ArchiveLimits, ArchiveRefused } from './limits.ts';

/** Codes of errors if a hard link cannot be made because of what it leads to. */
const NO_TARGET = ['ENOENT', 'ENOTDIR', 'EPERM', 'ELOOP'];

/**
 * Writes what an archive contains below a folder. Of entries at one path the later counts. Links are made at the end,
 * so no entry is written through a link; and one that is below a link's path takes its place.
 */
export class FolderWriter implements ArchiveSink {
  entries = 0;
  bytes = 0;
  readonly #folder: string;
  readonly #limits: ArchiveLimits;
  /** What is on the disk. */
  readonly #kinds = new Map<string, 'file' | 'folder'>([['', 'folder']]);
  readonly #links = new Map<string, ArchiveEntry>();
  #steps: (() => Promise<void>)[] = [];
  /** The file that is being written. A sparse one has its size, as it can end in a hole. */
  #file: { readonly handle: FileHandle; readonly size?: number } | undefined;

  constructor(folder: string, limits: ArchiveLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  entry(entry: ArchiveEntry): void {
    this.entries += 1;
    this.bytes += entry.size;
    if (this.entries > this.#limits.maxEntries || this.bytes > this.#limits.maxBytes) {
      this.#steps.push(() => Promise.reject(this.#tooLarge()));
    } else this.#steps.push(() => this.#begin(entry));
  }

  content(bytes: Buffer, offset: number): void {
    this.#steps.push(() => this.#write(bytes, offset));
  }

  async settle(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) await step();
  }

  /** Ends the last file and makes the links. */
  async finish(): Promise<void> {
    await this.#endFile();
    // A hard link can lead to a symbolic one.
    for (const [path, entry] of this.#links) if (entry.kind === 'symbolic link') await this.#symlink(path, entry);
    for (const [path, entry] of this.#links) if (entry.kind === 'hard link') await this.#link(path, entry);
  }

  /** Closes the file that is being written. */
  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  #tooLarge(): ArchiveRefused {
    const { maxBytes, maxEntries } = this.#limits;
    return new ArchiveRefused(
      `The archive contains more than the local runtime unpacks: ${maxBytes} bytes, ${maxEntries} entries.`,
    );
  }

  async #begin(entry: ArchiveEntry): Promise<void> {
    await this.#endFile();
    const { kind, names, size, parts } = entry;
    const path = names.join('/');
    if (kind === 'folder' || kind === 'file') await this.#place(path, kind);
    if (kind === 'file') {
      const handle = await open(this.#at(path), 'w', entry.isExecutable ? 0o755 : 0o644);
      this.#file = { handle, size: parts && size };
    } else if (kind === 'symbolic link' || kind === 'hard link') await this.#placeLink(path, entry);
  }

  async #write(bytes: Buffer, offset: number): Promise<void> {
    let done = 0;
    while (this.#file && done < bytes.length) {
      const { bytesWritten } = await this.#file.handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  async #endFile(): Promise<void> {
    const { handle, size } = this.#file ?? {};
    if (size !== undefined) await handle?.truncate(size);
    await this.close();
  }

  async #placeLink(path: string, entry: ArchiveEntry): Promise<void> {
    // GNU tar takes no notice of a hard link to itself.
    if (entry.kind === 'hard link' && posix.normalize(entry.target) === posix.normalize(entry.path)) return;
    await this.#placeParent(path);
    if (this.#kinds.has(path)) await this.#remove(path);
    this.#links.set(path, entry);
  }

  /** Makes place for a file or folder, and folders for it. */
  async #place(path: string, kind: 'file' | 'folder'): Promise<void> {
    await this.#placeParent(path);
    this.#links.delete(path);
    const before = this.#kinds.get(path);
    if (before === kind) return;
    if (before !== undefined) await this.#remove(path);
    if (kind === 'folder') await mkdir(this.#at(path));
    this.#kinds.set(path, kind);
  }

  async #placeParent(path: string): Promise<void> {
    const slash = path.lastIndexOf('/');
    if (slash > 0) await this.#place(path.slice(0, slash), 'folder');
  }

  /** Removes what is on the disk, and what would be below it. */
  async #remove(path: string): Promise<void> {
    await rm(this.#at(path), { recursive: true });
    const isBelow = (other: string) => other === path || other.startsWith(`${path}/`);
    for (const other of this.#kinds.keys()) if (isBelow(other)) this.#kinds.delete(other);
    for (const other of this.#links.keys()) if (isBelow(other)) this.#links.delete(other);
  }

  async #symlink(path: string, { target }: ArchiveEntry): Promise<void> {
    // Normalized, a target climbs first and then descends: from within the folder, also through other links, it cannot
    // leave it. "link/.." could.
    await symlink(posix.normalize(target), this.#at(path));
  }

  async #link(path: string, { target, path: shown }: ArchiveEntry): Promise<void> {
    await link(this.#at(posix.normalize(target)), this.#at(path)).catch((error) => {
      if (!NO_TARGET.includes(error.code)) throw error;
      const names = `"${printableText(shown)}", a link to "${printableText(target)}"`;
      throw new ArchiveRefused(`The archive has the entry ${names}, which is no file of it.`);
    });
  }

  #at(path: string): string {
    return join(this.#folder, path);
  }
}
