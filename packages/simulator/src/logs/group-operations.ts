import type {
  DescribeLogGroupsRequest,
  DescribeLogStreamsRequest,
  PutRetentionPolicyRequest,
} from '@aws-sdk/client-cloudwatch-logs';
import { AwsError } from '../core/aws-error.ts';
import type { Clock } from '../core/clock.ts';
import type { Operation } from '../core/cloud.ts';
import { constraintMessage } from '../core/constraint.ts';
import { requestedPage } from '../core/page.ts';
import { permitted } from '../core/permitted.ts';
import type { LogGroup } from './log-group.ts';
import { checkLimit, invalidNextToken, type LogGroupInput, type LogStore, type LogStreamInput } from './log-store.ts';

/** Groups or streams of one page. */
const MAX_DESCRIBED = 50;

/** Creates, describes and deletes log groups and streams. */
export function groupOperations(store: LogStore, clock: Clock): Record<string, Operation> {
  return {
    ...permitted('logs', (input: LogStreamInput) => store.groupResource(input), {
      CreateLogGroup: ({ logGroupName }: LogGroupInput) => {
        if (store.find(logGroupName ?? '')) throw existing('log group');
        store.create(logGroupName);
        return {};
      },
      DeleteLogGroup: (input: LogGroupInput) => {
        store.delete(store.get(input));
        return {};
      },
      PutRetentionPolicy: (input: PutRetentionPolicyRequest) => {
        store.get(input).retentionInDays = input.retentionInDays;
        return {};
      },
      DeleteRetentionPolicy: (input: LogGroupInput) => {
        store.get(input).retentionInDays = undefined;
        return {};
      },
      DescribeLogGroups: (input: DescribeLogGroupsRequest & LogGroupInput) => {
        const { logGroupNamePrefix = '', logGroupNamePattern = '' } = input;
        const found = store
          .sorted()
          .filter(({ name }) => name.startsWith(logGroupNamePrefix) && name.includes(logGroupNamePattern));
        const { items, nextToken } = pageOf(found, input);
        return { logGroups: items.map((group) => describeLogGroup(store, group)), nextToken };
      },
      CreateLogStream: (input: LogStreamInput) => {
        const { streams } = store.get(input);
        const name = input.logStreamName ?? '';
        if (streams.has(name)) throw existing('log stream');
        streams.set(name, clock.now());
        return {};
      },
      DescribeLogStreams: (input: DescribeLogStreamsRequest) => {
        checkOrder(input);
        const found = describeLogStreams(store, store.get(input)).filter(({ logStreamName }) =>
          logStreamName.startsWith(input.logStreamNamePrefix ?? ''),
        );
        if (input.orderBy === 'LastEventTime') {
          found.sort((a, b) => (a.lastEventTimestamp ?? 0) - (b.lastEventTimestamp ?? 0));
        }
        const { items, nextToken } = pageOf(input.descending === true ? found.reverse() : found, input);
        return { logStreams: items, nextToken };
      },
    }),
    ...permitted('logs', (input: LogStreamInput) => store.streamResource(input), {
      DeleteLogStream: (input: LogStreamInput) => {
        const { group, stream } = store.getWithStream(input);
        group.removeStream(stream);
        return {};
      },
    }),
  };
}

function describeLogGroup(store: LogStore, group: LogGroup) {
  return {
    logGroupName: group.name,
    creationTime: group.createdAt,
    retentionInDays: group.retentionInDays,
    metricFilterCount: 0,
    arn: `${store.arnOf(group.name)}:*`,
    storedBytes: group.storedBytes,
    logGroupClass: 'STANDARD',
    logGroupArn: store.arnOf(group.name),
  };
}

/** Throws AwsError InvalidParameterException. */
function checkOrder({ orderBy = 'LogStreamName', logStreamNamePrefix }: DescribeLogStreamsRequest): void {
  if (orderBy !== 'LogStreamName' && orderBy !== 'LastEventTime') {
    const rule = 'satisfy enum value set: [LogStreamName, LastEventTime]';
    throw new AwsError('InvalidParameterException', constraintMessage('orderBy', orderBy, rule));
  }
  if (orderBy === 'LastEventTime' && logStreamNamePrefix !== undefined) {
    throw new AwsError('InvalidParameterException', 'Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
}

/** In order of name. */
function describeLogStreams(store: LogStore, group: LogGroup) {
  const events = Map.groupBy(
    group.events(() => true),
    ({ logStreamName }) => logStreamName,
  );
  return [...group.streams]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([logStreamName, creationTime]) => {
      const lines = events.get(logStreamName) ?? [];
      return {
        logStreamName,
        creationTime,
        firstEventTimestamp: lines[0]?.timestamp,
        lastEventTimestamp: lines.at(-1)?.timestamp,
        lastIngestionTime: lines.at(-1)?.ingestionTime,
        arn: `${store.arnOf(group.name)}:log-stream:${logStreamName}`,
      };
    });
}

/** The page that the input asks for. Throws AwsError InvalidParameterException. */
function pageOf<T>(all: readonly T[], { limit, nextToken }: Pick<DescribeLogGroupsRequest, 'limit' | 'nextToken'>) {
  const request = { size: checkLimit(limit, MAX_DESCRIBED), max: MAX_DESCRIBED, token: nextToken };
  const { items, token } = requestedPage(all, request, invalidNextToken);
  return { items, nextToken: token };
}

function existing(kind: 'log group' | 'log stream'): AwsError {
  return new AwsError('ResourceAlreadyExistsException', `The specified ${kind} already exists`);
}
