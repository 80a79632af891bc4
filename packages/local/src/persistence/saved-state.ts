import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Cancel } from '#simulator/core/clock';
import type { Service } from '#simulator/core/cloud';
import { isRecord } from '#simulator/core/is-record';
import { replaceTexts } from './replace-texts.ts';

/** The state cannot be read. */
class StateUnreadable extends Error {
  readonly code = 'STATE_UNREADABLE';

  constructor(folder: string, cause?: unknown) {
    const message = `The state in ${folder} is damaged, or was written by another version of the local runtime.`;
    super(`${message} Remove the folder, or choose another.`, { cause });
  }
}

/** Number of the layout. A runtime reads only its own. */
const FORMAT = 1;

/** Of the digest before the state: a disk that changes a byte would change what a service believes. */
const DIGEST_BYTES = 32;

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** How long a change may wait to be written, in milliseconds, while writing is quick. */
const SAVE_INTERVAL_MS = 200;

/** Times that a pause is longer than the writing before it, so that a large state leaves time for all else. */
const PAUSE_FACTOR = 10;

interface Saved {
  readonly format: number;
  /** Of the gateway. */
  readonly url: string;
  readonly services: Readonly<Record<string, unknown>>;
}

/** What is kept, where, and how time passes. */
export interface SavedStateOptions {
  readonly folder: string;
  readonly services: readonly Service[];
  /** Address of the gateway, which the state contains: another one takes its place when it is loaded. */
  readonly url: string;
  readonly schedule: (delayMs: number, task: () => void) => Cancel;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  readonly onProblem: (problem: unknown) => void;
}

/**
 * The state of all services in one file. It is written aside and then renamed, so that a process that is killed at any
 * time leaves a whole state: the one before or the one after. Of all services at the same instant.
 */
export class SavedState {
  readonly #options: SavedStateOptions;
  readonly #path: string;
  #last: Buffer | undefined;
  #cancel: Cancel | undefined;
  /** What must stay as long as the file on disk refers to it. */
  readonly #deferred: (() => void)[] = [];

  constructor(options: SavedStateOptions) {
    this.#options = options;
    this.#path = join(options.folder, 'state');
  }

  /** Whether there was a state. Throws StateUnreadable. */
  load(): boolean {
    if (!existsSync(this.#path)) return false;
    const saved = this.#read();
    const { services, url } = this.#options;
    const states = replaceTexts(saved.services, saved.url, url) as Saved['services'];
    try {
      for (const { name, durable } of services) if (durable && name in states) durable.load(states[name]);
    } catch (cause) {
      throw new StateUnreadable(this.#options.folder, cause);
    }
    return true;
  }

  /** From now on writes every change, soon after it. */
  start(): void {
    const { schedule, now, onProblem } = this.#options;
    const again = (delayMs: number) => {
      this.#cancel = schedule(delayMs, () => {
        const startedMs = now();
        try {
          this.save();
        } catch (error) {
          onProblem(error);
        }
        again(Math.max(SAVE_INTERVAL_MS, (now() - startedMs) * PAUSE_FACTOR));
      });
    };
    again(SAVE_INTERVAL_MS);
  }

  /** Writes the state if it has changed. */
  save(): void {
    const { services, url } = this.#options;
    const states = services.flatMap(({ name, durable }) => (durable ? [[name, durable.save()]] : []));
    const saved: Saved = { format: FORMAT, url, services: Object.fromEntries(states) };
    const bytes = serialize(saved);
    if (!this.#last?.equals(bytes)) this.#write(bytes);
    this.#last = bytes;
    for (const task of this.#deferred.splice(0)) task();
  }

  /** Runs `task` when the state on disk is one in which what it removes is no longer used. */
  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  /** Writes the state for the last time. */
  stop(): void {
    this.#cancel?.();
    this.save();
  }

  #write(bytes: Buffer): void {
    const aside = `${this.#path}.new`;
    writeFileSync(aside, Buffer.concat([digestOf(bytes), bytes]), { mode: 0o600, flush: true });
    renameSync(aside, this.#path);
  }

  #read(): Saved {
    const { folder } = this.#options;
    let saved: unknown;
    try {
      const file = readFileSync(this.#path);
      const bytes = file.subarray(DIGEST_BYTES);
      if (!digestOf(bytes).equals(file.subarray(0, DIGEST_BYTES))) throw new Error('The digest is of other bytes.');
      saved = deserialize(bytes);
    } catch (cause) {
      throw new StateUnreadable(folder, cause);
    }
    if (!isRecord(saved) || saved.format !== FORMAT) throw new StateUnreadable(folder);
    return saved as unknown as Saved;
  }
}
