import { createHash } from 'node:crypto';
import type { Uploaded } from './aws.ts';

/** A structured line of the controller's log. */
export type ControllerLogEntry = Readonly<Record<string, unknown>>;

/** Lines within which a repetition is not shown. */
const RECENT_LINES = 2;

/** The controller's log since the demo began. */
export class ControllerLog {
  readonly #entries: ControllerLogEntry[] = [];
  /** The newest lines that were shown. */
  #shown: readonly ControllerLogEntry[] = [];

  /** Returns the line to show; undefined if it repeats one just before it. */
  add(entry: ControllerLogEntry): string | undefined {
    this.#entries.push(entry);
    // The decision to swap follows and says the same.
    if (entry.decision === 'started') return undefined;
    // Two concurrent passes may publish the same event.
    if (this.#shown.some((shown) => describeEntry(shown) === describeEntry(entry))) return undefined;
    const { message, ...rest } = entry;
    const isSameMessage = message !== undefined && message === this.#shown.at(-1)?.message;
    this.#shown = [...this.#shown.slice(1 - RECENT_LINES), entry];
    return describeEntry(isSameMessage ? rest : entry);
  }

  /** Number of lines so far, to search from later. */
  get length(): number {
    return this.#entries.length;
  }

  /** The first matching line whose index is at least `from`. */
  find(from: number, matches: (entry: ControllerLogEntry) => boolean): ControllerLogEntry | undefined {
    return this.#entries.slice(from).find(matches);
  }

  /** The newest line, in words. */
  describe(): string {
    const last = this.#entries.at(-1);
    return last ? `the controller last logged "${describeEntry(last)}"` : 'the controller logged nothing';
  }
}

/** The controller swaps the endpoint to its other slot. */
export const isSwap = ({ decision }: ControllerLogEntry) => decision === 'swap';

/** SageMaker could not start a fleet with the revision, and the controller does not try it again. */
export const isQuarantine = ({ decision, reason }: ControllerLogEntry) =>
  decision === 'refused' && reason === 'Quarantined';

/** The newest revision is served. */
export const isServing = ({ decision, reason }: ControllerLogEntry) => decision === 'done' && reason === 'Serving';

/** The endpoint was idle, so the deployment may change it. */
export const isAdmission = ({ reason }: ControllerLogEntry) => reason === 'DeploymentAdmitted';

/** The first 12 digits of the revision in a line. */
export function revisionIn(entry: ControllerLogEntry | undefined): string | undefined {
  return typeof entry?.revision === 'string' ? entry.revision.slice(0, 12) : undefined;
}

/** The revision of an endpoint that loads one object: its first 12 digits. */
export function expectedRevision(uri: string, { etag, checksum, size }: Uploaded): string {
  return createHash('sha256')
    .update(`${JSON.stringify([uri, checksum ?? etag, size])}\n`)
    .digest('hex')
    .slice(0, 12);
}

function describeEntry(entry: ControllerLogEntry): string {
  const { decision, reason, message, slot } = entry;
  if (decision === undefined) {
    const error = entry.error as { message?: unknown } | undefined;
    return [message, error?.message].filter((part) => part !== undefined).join(': ');
  }
  const why = reason === undefined || reason === decision ? '' : ` (${reason})`;
  const revision = revisionIn(entry);
  // Without a text of its own, the logger's message is the reason.
  const text =
    (message === reason ? undefined : message) ??
    [slot && `slot ${String(slot).toUpperCase()}`, revision && `revision ${revision}`].filter(Boolean).join(', ');
  return `${decision}${why}${text === '' ? '' : `: ${text}`}`;
}
