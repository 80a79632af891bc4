/** A line of a log. Times are epoch milliseconds. */
export interface LogEvent {
  readonly eventId: string;
  readonly logStreamName: string;
  readonly timestamp: number;
  readonly message: string;
  readonly ingestionTime: number;
}

/** What a group keeps at most: beyond it the oldest lines go. */
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
  #events: LogEvent[] = [];
  /** Lines before this index are gone; they leave memory in one go once they are half. */
  #first = 0;
  #bytes = 0;

  constructor(name: string, createdAt: number, bounds: LogBounds) {
    this.name = name;
    this.createdAt = createdAt;
    this.#bounds = bounds;
  }

  get storedBytes(): number {
    return this.#bytes;
  }

  add(event: LogEvent): void {
    this.#events.push(event);
    this.#bytes += size(event);
    while (this.#events.length - this.#first > this.#bounds.events || this.#bytes > this.#bounds.bytes) {
      const oldest = this.#events[this.#first++];
      if (!oldest) break;
      this.#bytes -= size(oldest);
    }
    if (this.#first > 100 && this.#first > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The lines that are kept and fit, in order of timestamp. */
  events(fits: (event: LogEvent) => boolean): LogEvent[] {
    return this.#events
      .slice(this.#first)
      .filter(fits)
      .sort((a, b) => a.timestamp - b.timestamp);
  }

  removeStream(name: string): void {
    this.streams.delete(name);
    this.#events = this.#events.slice(this.#first).filter((event) => event.logStreamName !== name);
    this.#first = 0;
    this.#bytes = this.#events.reduce((sum, event) => sum + size(event), 0);
  }
}

function size(event: LogEvent): number {
  return Buffer.byteLength(event.message) + 26;
}
