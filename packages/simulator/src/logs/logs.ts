import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Service } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import { requestedPage } from '../core/page.ts';
import { eventOperations } from './event-operations.ts';
import { invalidLogs, type LogBounds, LogGroup, LogGroups } from './log-group.ts';

const DEFAULT_BOUNDS: LogBounds = { events: 10_000, bytes: 16 * 1024 * 1024 };

/** Of a group or stream. */
const MAX_NAME_LENGTH = 512;

/** Groups or streams of one page. */
const MAX_DESCRIBED = 50;

/** Days of a retention policy. */
const RETENTIONS = '1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653'.split(' ');

export interface LogsOptions {
  /** The limits of each log group. @default 10,000 lines, 16 MiB */
  readonly bounds?: LogBounds;
}

/** CloudWatch Logs: keeps the lines that functions and containers print, in memory and bounded. */
export interface Logs {
  readonly service: Service;
  /** Adds one line, and creates the group and the stream if they do not exist. */
  append(groupName: string, streamName: string, message: string): void;
}

export function createLogs(deps: Deps, { bounds = DEFAULT_BOUNDS }: LogsOptions = {}): Logs {
  const { account, clock } = deps;
  const groups = new LogGroups(account);
  /** Throws AwsError InvalidParameterException. */
  const create = (name: string) => {
    checkName('logGroupName', name, /[.\-_/#A-Za-z0-9]+/);
    const group = new LogGroup(name, clock.now(), bounds);
    groups.set(name, group);
    return group;
  };
  return {
    service: {
      name: 'logs',
      operations: {
        ...groupOperations(groups, create),
        ...streamOperations(deps, groups),
        ...eventOperations(deps, groups),
      },
      durable: {
        save: () => [...groups.values()].map((group) => group.save()),
        load(saved: ReturnType<LogGroup['save']>[]) {
          for (const group of saved) {
            groups.set(group.name, new LogGroup(group.name, group.createdAt, bounds));
            groups.get(group.name)?.load(group);
          }
        },
      },
    },
    append(groupName, logStreamName, message) {
      const group = groups.get(groupName) ?? create(groupName);
      const now = clock.now();
      if (!group.streams.has(logStreamName)) group.streams.set(logStreamName, now);
      group.add({ logStreamName, timestamp: now, message, ingestionTime: now });
    },
  };
}

/** Throws AwsError InvalidParameterException. */
function checkName(member: string, name: string, pattern: RegExp): void {
  if (name.length > MAX_NAME_LENGTH) {
    const limit = `length less than or equal to ${MAX_NAME_LENGTH}`;
    throw invalidLogs(`Invalid LogGroup or LogStream, both must have ${limit}.`);
  }
  checkMember(member, name, { min: 1, pattern }, 'InvalidParameterException');
}

function groupOperations(groups: LogGroups, create: (name: string) => LogGroup) {
  return operationsOf<CloudWatchLogs>()('logs', groups.resourceOf, {
    CreateLogGroup({ logGroupName = '', kmsKeyId }) {
      if (groups.has(logGroupName)) throw existing('log group');
      create(logGroupName).kmsKeyId = kmsKeyId;
    },
    DeleteLogGroup(input) {
      groups.delete(groups.find(input).name);
    },
    PutRetentionPolicy({ retentionInDays, ...input }) {
      checkMember('retentionInDays', retentionInDays, { oneOf: RETENTIONS }, 'InvalidParameterException');
      groups.find(input).retentionInDays = retentionInDays;
    },
    DeleteRetentionPolicy(input) {
      groups.find(input).retentionInDays = undefined;
    },
    DescribeLogGroups({ logGroupNamePrefix = '', logGroupNamePattern = '', ...input }) {
      if (logGroupNamePrefix !== '' && logGroupNamePattern !== '') {
        throw invalidLogs('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
      }
      const found = groups
        .sorted()
        .filter(({ name }) => name.startsWith(logGroupNamePrefix) && name.includes(logGroupNamePattern));
      const { items, nextToken } = pageOf(found, input);
      // What a pattern finds is not described in full.
      const described = items.map((group) => ({
        ...describeGroup(groups, group),
        ...(logGroupNamePattern === '' && { storedBytes: group.storedBytes, deletionProtectionEnabled: false }),
      }));
      return { logGroups: described, nextToken };
    },
  });
}

function streamOperations({ clock }: Deps, groups: LogGroups) {
  return operationsOf<CloudWatchLogs>()('logs', groups.resourceOf, {
    CreateLogStream({ logStreamName = '', ...input }) {
      checkName('logStreamName', logStreamName, /[^:*]*/);
      const { streams } = groups.find(input);
      if (streams.has(logStreamName)) throw existing('log stream');
      streams.set(logStreamName, clock.now());
    },
    DeleteLogStream(input) {
      const { group, stream } = groups.findWithStream(input);
      group.removeStream(stream);
    },
    DescribeLogStreams({ orderBy = 'LogStreamName', logStreamNamePrefix, descending = false, ...input }) {
      checkMember('orderBy', orderBy, { oneOf: ['LogStreamName', 'LastEventTime'] }, 'InvalidParameterException');
      const isByTime = orderBy === 'LastEventTime';
      if (isByTime && logStreamNamePrefix !== undefined) {
        throw invalidLogs('Cannot order by LastEventTime with a logStreamNamePrefix.');
      }
      const streams = describeStreams(groups, groups.find(input));
      const found = streams.filter(({ logStreamName }) => logStreamName.startsWith(logStreamNamePrefix ?? ''));
      if (isByTime) found.sort((a, b) => (a.lastEventTimestamp ?? 0) - (b.lastEventTimestamp ?? 0));
      const { items, nextToken } = pageOf(descending ? found.reverse() : found, input);
      return { logStreams: items, nextToken };
    },
  });
}

const describeGroup = (groups: LogGroups, { name, createdAt, kmsKeyId, retentionInDays }: LogGroup) => ({
  logGroupName: name,
  creationTime: createdAt,
  kmsKeyId,
  retentionInDays,
  metricFilterCount: 0,
  arn: `${groups.arnOf(name)}:*`,
  logGroupClass: 'STANDARD',
  logGroupArn: groups.arnOf(name),
});

/** In order of name. */
function describeStreams(groups: LogGroups, group: LogGroup) {
  const events = Map.groupBy(
    group.events(() => true),
    ({ logStreamName }) => logStreamName,
  );
  const streams = [...group.streams].sort(([a], [b]) => (a < b ? -1 : 1));
  return streams.map(([logStreamName, creationTime]) => {
    const lines = events.get(logStreamName) ?? [];
    return {
      logStreamName,
      creationTime,
      firstEventTimestamp: lines[0]?.timestamp,
      lastEventTimestamp: lines.at(-1)?.timestamp,
      lastIngestionTime: lines.at(-1)?.ingestionTime,
      arn: `${groups.arnOf(group.name)}:log-stream:${logStreamName}`,
      // AWS no longer counts them.
      storedBytes: 0,
    };
  });
}

/** The page that the input asks for. Throws AwsError InvalidParameterException. */
function pageOf<T>(all: readonly T[], { limit, nextToken }: { limit?: number; nextToken?: string }) {
  checkMember('limit', limit, { min: 1, max: MAX_DESCRIBED }, 'InvalidParameterException');
  const request = { size: limit, max: MAX_DESCRIBED, token: nextToken };
  const { items, token } = requestedPage(all, request, () => invalidLogs('The specified nextToken is invalid.'));
  return { items, nextToken: token };
}

const existing = (kind: string) =>
  new AwsError('ResourceAlreadyExistsException', `The specified ${kind} already exists`);
