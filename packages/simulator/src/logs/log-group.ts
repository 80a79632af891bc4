/** Bytes that CloudWatch Logs counts for each event besides its message. */
const EVENT_OVERHEAD_BYTES = 26;

/** Lines of a group that survive a restart. */
const SAVED_LINES = 1_000;

/** Dropped lines below which memory is not compacted. */
const MIN_COMPACTION = 100;

/** A line of a log. Times are epoch milliseconds. */
export interface StoredLogEvent {
  /** Rises from line to line of the group. */
  readonly sequence: number;
  readonly logStreamName: string;
  readonly timestamp: number;
  readonly message: string;
  readonly ingestionTime: number;
}

/** The limits of a log group. Beyond them the oldest lines are dropped. */
export interface LogBounds {
  readonly events: number;
  readonly bytes: number;
}

/** A log group: its streams and, in one bounded ring, their newest lines. */
export class LogGroup {
  readonly name: string;
  readonly createdAt: number;
  retentionInDays: number | undefined;
  readonly streams = new Map<string, number>();
  readonly #bounds: LogBounds;
  #events: StoredLogEvent[] = [];
  /** Lines before this index are dropped. They leave memory at once when they are half of all. */
  #first = 0;
  #bytes = 0;
  #added = 0;

  constructor(name: string, createdAt: number, bounds: LogBounds) {
    this.name = name;
    this.createdAt = createdAt;
    this.#bounds = bounds;
  }

  get storedBytes(): number {
    return this.#bytes;
  }

  add(line: Omit<StoredLogEvent, 'sequence'>): void {
    this.#added += 1;
    const event = { ...line, sequence: this.#added };
    this.#events.push(event);
    this.#bytes += sizeBytesOf(event);
    while (this.#events.length - this.#first > this.#bounds.events || this.#bytes > this.#bounds.bytes) {
      const oldest = this.#events[this.#first++];
      if (!oldest) break;
      this.#bytes -= sizeBytesOf(oldest);
    }
    if (this.#first > MIN_COMPACTION && this.#first > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The kept lines that match, in order of timestamp. */
  events(matches: (event: StoredLogEvent) => boolean): StoredLogEvent[] {
    return this.#events
      .slice(this.#first)
      .filter(matches)
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  /** With the newest lines only: nobody needs all of them after a restart, and the state is written often. */
  save() {
    const { name, createdAt, retentionInDays, streams } = this;
    return { name, createdAt, retentionInDays, streams, events: this.#events.slice(this.#first).slice(-SAVED_LINES) };
  }

  load({ retentionInDays, streams, events }: ReturnType<LogGroup['save']>): void {
    this.retentionInDays = retentionInDays;
    for (const [stream, created] of streams) this.streams.set(stream, created);
    for (const event of events) this.add(event);
  }

  removeStream(name: string): void {
    this.streams.delete(name);
    this.#events = this.#events.slice(this.#first).filter((event) => event.logStreamName !== name);
    this.#first = 0;
    this.#bytes = this.#events.reduce((sum, event) => sum + sizeBytesOf(event), 0);
  }
}

function sizeBytesOf(event: StoredLogEvent): number {
  return Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
}
