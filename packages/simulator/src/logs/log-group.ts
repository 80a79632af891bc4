import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';

/** Bytes that CloudWatch Logs counts for each event besides its message. */
const EVENT_OVERHEAD_BYTES = 26;

/** Lines of a group that survive a restart. */
const SAVED_LINES = 1_000;

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

/** A log group: its streams and, bounded, their newest lines. */
export class LogGroup {
  readonly name: string;
  readonly createdAt: number;
  /** Described, and of no effect: nothing is encrypted. */
  kmsKeyId: string | undefined;
  retentionInDays: number | undefined;
  /** When each stream was created, by its name. */
  readonly streams = new Map<string, number>();
  readonly #bounds: LogBounds;
  #events: StoredLogEvent[] = [];
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
    this.#events.push({ ...line, sequence: this.#added });
    this.#bytes += sizeBytesOf(line);
    while (this.#events.length > this.#bounds.events || this.#bytes > this.#bounds.bytes) {
      const oldest = this.#events.shift();
      if (!oldest) break;
      this.#bytes -= sizeBytesOf(oldest);
    }
  }

  /** The kept lines that match, in order of timestamp. */
  events(matches: (event: StoredLogEvent) => boolean): StoredLogEvent[] {
    return this.#events.filter(matches).sort((a, b) => a.timestamp - b.timestamp);
  }

  /** With the newest lines only: nobody needs all of them after a restart, and the state is written often. */
  save() {
    const { name, createdAt, kmsKeyId, retentionInDays, streams } = this;
    return { name, createdAt, kmsKeyId, retentionInDays, streams, events: this.#events.slice(-SAVED_LINES) };
  }

  load({ kmsKeyId, retentionInDays, streams, events }: ReturnType<LogGroup['save']>): void {
    this.kmsKeyId = kmsKeyId;
    this.retentionInDays = retentionInDays;
    for (const [stream, created] of streams) this.streams.set(stream, created);
    for (const event of events) this.add(event);
  }

  removeStream(name: string): void {
    this.streams.delete(name);
    this.#events = this.#events.filter((event) => event.logStreamName !== name);
    this.#bytes = this.#events.reduce((sum, event) => sum + sizeBytesOf(event), 0);
  }
}

const sizeBytesOf = ({ message }: { message: string }) => Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;

/** The members of inputs that name a log group, and a stream of it. */
export interface LogInput {
  readonly logGroupName?: string | undefined;
  /** Name or ARN. */
  readonly logGroupIdentifier?: string | undefined;
  readonly logStreamName?: string | undefined;
}

const STREAM_OPERATIONS = ['DeleteLogStream', 'GetLogEvents', 'PutLogEvents'];

/** The account's log groups, by name. */
export class LogGroups extends Map<string, LogGroup> {
  readonly #account: Account;

  constructor(account: Account) {
    super();
    this.#account = account;
  }

  arnOf(groupName: string): string {
    return arn(this.#account, 'logs', `log-group:${groupName}`);
  }

  /** The group that the input names, alone or in an ARN; `*` if it names none. Throws AwsError. */
  nameIn({ logGroupName, logGroupIdentifier }: LogInput): string {
    if (logGroupIdentifier === undefined) return logGroupName ?? '*';
    if (logGroupName !== undefined) {
      throw new AwsError('ValidationException', 'LogGroup name and LogGroup ARN are mutually exclusive parameters.');
    }
    if (/^arn:.*\*/.test(logGroupIdentifier)) {
      const problem = "Value at 'logGroupIdentifier' failed to satisfy constraint";
      throw invalidLogs(
        `1 validation error detected: ${problem}: Member must satisfy regular expression pattern: [\\w#+=/:,.@-]*`,
      );
    }
    return logGroupIdentifier.replace(/^arn:.*:log-group:/, '');
  }

  /** What the permission for an operation is on: the stream that the input names, or its group. */
  readonly resourceOf = (input: LogInput, operation: string): string => {
    const group = this.arnOf(this.nameIn(input));
    return STREAM_OPERATIONS.includes(operation) ? `${group}:log-stream:${input.logStreamName}` : `${group}:*`;
  };

  /** Throws AwsError ResourceNotFoundException. */
  find(input: LogInput): LogGroup {
    const found = this.get(this.nameIn(input));
    if (!found) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    return found;
  }

  /** The group, which has the stream. Throws AwsError ResourceNotFoundException. */
  findWithStream(input: LogInput): { readonly group: LogGroup; readonly stream: string } {
    const group = this.find(input);
    const stream = input.logStreamName ?? '';
    if (group.streams.has(stream)) return { group, stream };
    throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
  }

  /** In order of name. */
  sorted(): LogGroup[] {
    return [...this.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

export const invalidLogs = (message: string) => new AwsError('InvalidParameterException', message);
