import { createHash } from 'node:crypto';

/** A structured line of the controller's log. */
export type ControllerLogEntry = Readonly<Record<string, unknown>>;

/** The controller's log since the demo began. */
export class ControllerLog {
  readonly #entries: ControllerLogEntry[] = [];
  #shown: ControllerLogEntry = {};

  /** Returns the line to show; undefined when it repeats the one before it. */
  add(entry: ControllerLogEntry): string | undefined {
    this.#entries.push(entry);
    // The decision to swap follows and says the same.
    if (entry.decision === 'started') return undefined;
    const { message, ...rest } = entry;
    const isRepetition = describeEntry(entry) === describeEntry(this.#shown);
    const isSameMessage = message !== undefined && message === this.#shown.message;
    this.#shown = entry;
    return isRepetition ? undefined : describeEntry(isSameMessage ? rest : entry);
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

/** The revision of an endpoint that loads one object: its first 12 digits. `size` in bytes. */
export function expectedRevision(uri: string, etag: string, size: number): string {
  return createHash('sha256')
    .update(`${JSON.stringify([uri, etag, size])}\n`)
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
