import { createHash } from 'node:crypto';

/** A structured line that the control loop logged. */
export type LoopEntry = Readonly<Record<string, unknown>>;

/** The control loop's log, as far as the demo follows it. */
export class LoopLog {
  readonly #entries: LoopEntry[] = [];

  /** Returns the line to show, or undefined when it only repeats the last one. */
  add(entry: LoopEntry): string | undefined {
    const text = describeEntry(entry);
    const before = this.#entries.at(-1);
    this.#entries.push(entry);
    return before && describeEntry(before) === text ? undefined : text;
  }

  /** How many lines there are: a place to look from later. */
  get length(): number {
    return this.#entries.length;
  }

  /** The first line from `place` on that fits. */
  find(place: number, fits: (entry: LoopEntry) => boolean): LoopEntry | undefined {
    return this.#entries.slice(place).find(fits);
  }

  /** The newest line, in words. */
  describe(): string {
    const last = this.#entries.at(-1);
    return last ? `the loop last said "${describeEntry(last)}"` : 'the loop said nothing';
  }
}

/** The loop moves the endpoint to its other slot. */
export const isSwap = (entry: LoopEntry) => entry.decision === 'swap' || entry.decision === 'started';

/** The endpoint refused a revision, and the loop won't try it again. */
export const isQuarantine = (entry: LoopEntry) => entry.decision === 'refused' && entry.reason === 'Quarantined';

/** The loop has nothing to do: the newest revision is served. */
export const isServed = (entry: LoopEntry) => entry.decision === 'done' && entry.reason === 'Serving';

/** The first 12 digits of the revision that a line names. */
export function revisionIn(entry: LoopEntry | undefined): string | undefined {
  return typeof entry?.revision === 'string' ? entry.revision.slice(0, 12) : undefined;
}

/** The revision of a model that loads one object, as the loop makes it: its first 12 digits. `size` in bytes. */
export function revisionOf(uri: string, etag: string, size: number): string {
  return createHash('sha256')
    .update(`${JSON.stringify([uri, etag, size])}\n`)
    .digest('hex')
    .slice(0, 12);
}

function describeEntry(entry: LoopEntry): string {
  if (entry.decision === undefined) {
    const error = entry.error as { message?: unknown } | undefined;
    return [entry.message, error?.message].filter((part) => part !== undefined).join(': ');
  }
  const { decision, reason, message, revision, slot } = entry;
  const why = reason === undefined || reason === decision ? '' : ` (${reason})`;
  // A message equal to the reason says nothing more.
  const what =
    (message === reason ? undefined : message) ??
    [slot && `slot ${String(slot).toUpperCase()}`, revision && `revision ${revision}`].filter(Boolean).join(', ');
  return `${decision}${why}${what === '' ? '' : `: ${what}`}`;
}
