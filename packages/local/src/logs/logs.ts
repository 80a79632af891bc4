import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation, Service } from '../core/cloud.ts';
import { matchesFilter } from './filter-pattern.ts';
import { type LogBounds, type LogEvent, LogGroup } from './log-group.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

export interface LogsOptions {
  /** What each group keeps at most. Default: 10,000 lines, 16 MiB. */
  readonly bounds?: LogBounds;
}

/** CloudWatch Logs: keeps what functions and containers print, in memory and bounded. */
export interface Logs {
  readonly service: Service;
  /** Keeps one line; makes group and stream when they aren't there. */
  append(groupName: string, streamName: string, message: string): void;
}

const longestMessage = 1_048_576;
const batchEvents = 10_000;

export function createLogs(deps: Deps, options: LogsOptions = {}): Logs {
  const { account, clock, ids } = deps;
  const bounds = options.bounds ?? { events: 10_000, bytes: 16 * 1024 * 1024 };
  const groups = new Map<string, LogGroup>();

  const groupArn = (name: string) => arn(account, 'logs', `log-group:${name}`);
  const on = (
    action: string,
    run: (input: Input) => unknown,
    permissionOn: 'group' | 'stream' = 'group',
  ): Record<string, Operation> => ({
    [action]: {
      permissions: (input) => [
        {
          action: `logs:${action}`,
          resource: `${groupArn(nameOf(input))}:${permissionOn === 'stream' ? `log-stream:${input.logStreamName}` : '*'}`,
        },
      ],
      run,
    },
  });
  const nameOf = ({ logGroupName, logGroupIdentifier }: Input): string => {
    if (logGroupName !== undefined) return String(logGroupName);
    return String(logGroupIdentifier ?? '*').replace(/^arn:.*:log-group:([^:]*)(:\*)?$/, '$1');
  };
  const group = (input: Input): LogGroup => {
    const found = groups.get(nameOf(input));
    if (!found) throw notFound('log group');
    return found;
  };
  const createGroup = (name: unknown): LogGroup => {
    if (typeof name !== 'string' || !/^[\w./#-]{1,512}$/.test(name)) {
      throw new AwsError(
        'InvalidParameterException',
        "1 validation error detected: Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
      );
    }
    const made = new LogGroup(name, clock.now(), bounds);
    groups.set(name, made);
    return made;
  };
  const add = (to: LogGroup, logStreamName: string, timestamp: number, message: string) => {
    to.add({ eventId: ids.hex(32), logStreamName, timestamp, message, ingestionTime: clock.now() });
  };
  const describe = (g: LogGroup) => ({
    logGroupName: g.name,
    creationTime: g.createdAt,
    retentionInDays: g.retentionInDays,
    metricFilterCount: 0,
    arn: `${groupArn(g.name)}:*`,
    storedBytes: g.storedBytes,
    logGroupClass: 'STANDARD',
    logGroupArn: groupArn(g.name),
  });
  const inTime = ({ startTime, endTime }: Input, { timestamp }: LogEvent) =>
    timestamp >= (startTime ?? 0) && timestamp < (endTime ?? Number.POSITIVE_INFINITY);

  const operations: Record<string, Operation> = {
    ...on('CreateLogGroup', (input) => {
      if (groups.has(input.logGroupName)) throw alreadyExists('log group');
      createGroup(input.logGroupName);
      return {};
    }),
    ...on('DeleteLogGroup', (input) => {
      groups.delete(group(input).name);
      return {};
    }),
    ...on('PutRetentionPolicy', (input) => {
      group(input).retentionInDays = input.retentionInDays;
      return {};
    }),
    ...on('DeleteRetentionPolicy', (input) => {
      group(input).retentionInDays = undefined;
      return {};
    }),
    ...on('DescribeLogGroups', (input) => ({
      logGroups: [...groups.values()]
        .filter(({ name }) => name.startsWith(input.logGroupNamePrefix ?? ''))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(describe),
    })),
    ...on('CreateLogStream', (input) => {
      const { streams } = group(input);
      if (streams.has(input.logStreamName)) throw alreadyExists('log stream');
      streams.set(input.logStreamName, clock.now());
      return {};
    }),
    ...on(
      'DeleteLogStream',
      (input) => {
        const found = group(input);
        if (!found.streams.has(input.logStreamName)) throw notFound('log stream');
        found.removeStream(input.logStreamName);
        return {};
      },
      'stream',
    ),
    ...on('DescribeLogStreams', (input) => {
      const { name, streams } = group(input);
      return {
        logStreams: [...streams]
          .filter(([stream]) => stream.startsWith(input.logStreamNamePrefix ?? ''))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([logStreamName, creationTime]) => ({
            logStreamName,
            creationTime,
            arn: `${groupArn(name)}:log-stream:${logStreamName}`,
          })),
      };
    }),
    ...on(
      'PutLogEvents',
      (input) => {
        const found = group(input);
        if (!found.streams.has(input.logStreamName)) throw notFound('log stream');
        const events: readonly { timestamp: number; message: string }[] = input.logEvents ?? [];
        const valid = ({ timestamp, message }: { timestamp: unknown; message: unknown }) =>
          Number.isFinite(timestamp) && typeof message === 'string' && message !== '';
        if (events.length === 0 || events.length > batchEvents || !events.every(valid)) {
          throw new AwsError(
            'InvalidParameterException',
            'Log events must be 1 to 10000, each with timestamp and message.',
          );
        }
        const isLong = events.some(({ message }) => Buffer.byteLength(message) > longestMessage);
        if (isLong) throw new AwsError('InvalidParameterException', 'Log event too large: more than 1048576 bytes.');
        for (const { timestamp, message } of events) add(found, input.logStreamName, timestamp, message);
        return { nextSequenceToken: ids.hex(56) };
      },
      'stream',
    ),
    // Whole answers: no more lines than a group keeps. The tokens tell a reader that pages on that it has reached the end.
    ...on(
      'GetLogEvents',
      (input) => {
        const found = group(input);
        if (!found.streams.has(input.logStreamName)) throw notFound('log stream');
        const all = found.events((event) => event.logStreamName === input.logStreamName && inTime(input, event));
        const limit = input.limit ?? bounds.events;
        const isDone = input.nextToken !== undefined;
        const events = isDone ? [] : input.startFromHead === true ? all.slice(0, limit) : all.slice(-limit);
        return {
          events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
          nextForwardToken: 'f/end',
          nextBackwardToken: 'b/end',
        };
      },
      'stream',
    ),
    ...on('FilterLogEvents', (input) => {
      const fits = matchesFilter(input.filterPattern);
      const events = group(input).events(
        (event) =>
          inTime(input, event) &&
          (input.logStreamNames === undefined || input.logStreamNames.includes(event.logStreamName)) &&
          event.logStreamName.startsWith(input.logStreamNamePrefix ?? '') &&
          fits(event.message),
      );
      return { events: events.slice(0, input.limit ?? bounds.events), searchedLogStreams: [] };
    }),
  };

  return {
    service: { name: 'logs', operations },
    append(groupName, streamName, message) {
      const to = groups.get(groupName) ?? createGroup(groupName);
      if (!to.streams.has(streamName)) to.streams.set(streamName, clock.now());
      add(to, streamName, clock.now(), message);
    },
  };
}

function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `The specified ${what} does not exist.`);
}

function alreadyExists(what: string): AwsError {
  return new AwsError('ResourceAlreadyExistsException', `The specified ${what} already exists`);
}
