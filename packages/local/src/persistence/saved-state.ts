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

export type SavedState = ReturnType<typeof savedState>;

/**
 * The state of all services in one file. It is written aside and then renamed, so that a process that is killed at any
 * time leaves a whole state: the one before or the one after. Of all services at the same instant.
 */
export function savedState({ folder, services, url, schedule, now, onProblem }: SavedStateOptions) {
  const path = join(folder, 'state');
  let last: Buffer | undefined;
  let cancel: Cancel | undefined;
  /** What must stay as long as the file on disk refers to it. */
  const deferred: (() => void)[] = [];
  /** Writes the state if it has changed. */
  const save = () => {
    const states = services.flatMap(({ name, durable }) => (durable ? [[name, durable.save()]] : []));
    const bytes = serialize({ format: FORMAT, url, services: Object.fromEntries(states) } satisfies Saved);
    if (!last?.equals(bytes)) writeState(path, bytes);
    last = bytes;
    for (const task of deferred.splice(0)) task();
  };
  const saveIn = (delayMs: number) => {
    cancel = schedule(delayMs, () => {
      const startedMs = now();
      try {
        save();
      } catch (error) {
        onProblem(error);
      }
      saveIn(Math.max(SAVE_INTERVAL_MS, (now() - startedMs) * PAUSE_FACTOR));
    });
  };
  return {
    save,
    /** Whether there was a state. Throws StateUnreadable. */
    load(): boolean {
      if (!existsSync(path)) return false;
      try {
        const saved = readState(path);
        const states = replaceTexts(saved.services, saved.url, url) as Saved['services'];
        for (const { name, durable } of services) if (durable && name in states) durable.load(states[name]);
        return true;
      } catch (cause) {
        throw new StateUnreadable(folder, cause);
      }
    },
    /** From now on writes every change, soon after it. */
    start: () => saveIn(SAVE_INTERVAL_MS),
    /** Runs `task` when the state on disk is one in which what it removes is no longer used. */
    defer: (task: () => void) => void deferred.push(task),
    /** Writes the state for the last time. */
    stop(): void {
      cancel?.();
      save();
    },
  };
}

function writeState(path: string, bytes: Buffer): void {
  const aside = `${path}.new`;
  writeFileSync(aside, Buffer.concat([digestOf(bytes), bytes]), { mode: 0o600, flush: true });
  renameSync(aside, path);
}

function readState(path: string): Saved {
  const file = readFileSync(path);
  const bytes = file.subarray(DIGEST_BYTES);
  if (!digestOf(bytes).equals(file.subarray(0, DIGEST_BYTES))) throw new Error('The digest is of other bytes.');
  const saved: unknown = deserialize(bytes);
  if (!isRecord(saved) || saved.format !== FORMAT) throw new Error('The state has another format.');
  return saved as unknown as Saved;
}
