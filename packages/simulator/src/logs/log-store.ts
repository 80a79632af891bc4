import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { constraintMessage } from '../core/constraint.ts';
import { type LogBounds, LogGroup } from './log-group.ts';

/** The members of inputs that name a log group. */
export interface LogGroupInput {
  readonly logGroupName?: string | undefined;
  /** Name or ARN. */
  readonly logGroupIdentifier?: string | undefined;
}

export interface LogStreamInput extends LogGroupInput {
  readonly logStreamName?: string | undefined;
}

/** All log groups of the account. */
export class LogStore {
  readonly bounds: LogBounds;
  readonly #deps: Deps;
  readonly #groups = new Map<string, LogGroup>();

  constructor(deps: Deps, bounds: LogBounds) {
    this.#deps = deps;
    this.bounds = bounds;
  }

  arnOf(groupName: string): string {
    return arn(this.#deps.account, 'logs', `log-group:${groupName}`);
  }

  /** What permissions on the group that the input names are for. */
  groupResource(input: LogGroupInput): string {
    return `${this.arnOf(groupNameIn(input))}:*`;
  }

  /** What permissions on the stream that the input names are for. */
  streamResource(input: LogStreamInput): string {
    return `${this.arnOf(groupNameIn(input))}:log-stream:${input.logStreamName}`;
  }

  find(groupName: string): LogGroup | undefined {
    return this.#groups.get(groupName);
  }

  /** Throws AwsError ResourceNotFoundException. */
  get(input: LogGroupInput): LogGroup {
    const found = this.#groups.get(groupNameIn(input));
    if (!found) throw missing('log group');
    return found;
  }

  /** The group, which has the stream. Throws AwsError ResourceNotFoundException. */
  getWithStream(input: LogStreamInput): { readonly group: LogGroup; readonly stream: string } {
    const group = this.get(input);
    const stream = input.logStreamName ?? '';
    if (!group.streams.has(stream)) throw missing('log stream');
    return { group, stream };
  }

  /** Throws AwsError InvalidParameterException. */
  create(groupName: unknown): LogGroup {
    if (typeof groupName !== 'string' || !/^[\w./#-]{1,512}$/.test(groupName)) {
      const rule = 'satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+';
      throw new AwsError('InvalidParameterException', constraintMessage('logGroupName', groupName, rule));
    }
    const made = new LogGroup(groupName, this.#deps.clock.now(), this.bounds);
    this.#groups.set(groupName, made);
    return made;
  }

  save() {
    return this.sorted().map((group) => group.save());
  }

  load(groups: ReturnType<LogStore['save']>): void {
    for (const saved of groups) {
      const group = new LogGroup(saved.name, saved.createdAt, this.bounds);
      group.load(saved);
      this.#groups.set(group.name, group);
    }
  }

  delete(group: LogGroup): void {
    this.#groups.delete(group.name);
  }

  /** In order of name. */
  sorted(): LogGroup[] {
    return [...this.#groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  addEvent(group: LogGroup, logStreamName: string, event: { timestamp?: number; message: string }): void {
    const nowMs = this.#deps.clock.now();
    group.add({
      logStreamName,
      timestamp: event.timestamp ?? nowMs,
      message: event.message,
      ingestionTime: nowMs,
    });
  }
}

/** The name that the input gives, alone or in an ARN; `*` if it gives none. */
function groupNameIn({ logGroupName, logGroupIdentifier }: LogGroupInput): string {
  if (logGroupName !== undefined) return String(logGroupName);
  return String(logGroupIdentifier ?? '*').replace(/^arn:.*:log-group:([^:]*)(:\*)?$/, '$1');
}

/** The size of a page; `max` if the input names none. Throws AwsError InvalidParameterException. */
export function checkLimit(limit: number | undefined, max: number): number {
  if (limit === undefined) return max;
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  const rule = limit < 1 ? 'have value greater than or equal to 1' : `have value less than or equal to ${max}`;
  throw new AwsError('InvalidParameterException', constraintMessage('limit', limit, rule));
}

export const invalidNextToken = () => new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');

function missing(kind: 'log group' | 'log stream'): AwsError {
  return new AwsError('ResourceNotFoundException', `The specified ${kind} does not exist.`);
}
