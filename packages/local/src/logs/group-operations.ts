import { AwsError } from '../core/aws-error.ts';
import type { Clock } from '../core/clock.ts';
import type { Operation } from '../core/cloud.ts';
import type {
  DescribeLogGroupsInput,
  DescribeLogStreamsInput,
  LogGroupInput,
  LogStreamInput,
  PutRetentionPolicyInput,
} from './inputs.ts';
import type { LogGroup } from './log-group.ts';
import { type LogStore, onGroup, onStream } from './log-store.ts';

/** Creates, describes and deletes log groups and streams. */
export function groupOperations(store: LogStore, clock: Clock): Record<string, Operation> {
  return {
    ...onGroup(store, 'CreateLogGroup', ({ logGroupName }: LogGroupInput) => {
      if (store.find(logGroupName ?? '')) throw existing('log group');
      store.create(logGroupName);
      return {};
    }),
    ...onGroup(store, 'DeleteLogGroup', (input: LogGroupInput) => {
      store.delete(store.get(input));
      return {};
    }),
    ...onGroup(store, 'PutRetentionPolicy', (input: PutRetentionPolicyInput) => {
      store.get(input).retentionInDays = input.retentionInDays;
      return {};
    }),
    ...onGroup(store, 'DeleteRetentionPolicy', (input: LogGroupInput) => {
      store.get(input).retentionInDays = undefined;
      return {};
    }),
    ...onGroup(store, 'DescribeLogGroups', ({ logGroupNamePrefix = '' }: DescribeLogGroupsInput) => {
      const found = store.sorted().filter(({ name }) => name.startsWith(logGroupNamePrefix));
      return { logGroups: found.map((group) => describeLogGroup(store, group)) };
    }),
    ...onGroup(store, 'CreateLogStream', (input: LogStreamInput) => {
      const { streams } = store.get(input);
      const name = input.logStreamName ?? '';
      if (streams.has(name)) throw existing('log stream');
      streams.set(name, clock.now());
      return {};
    }),
    ...onStream(store, 'DeleteLogStream', (input: LogStreamInput) => {
      const { group, stream } = store.getWithStream(input);
      group.removeStream(stream);
      return {};
    }),
    ...onGroup(store, 'DescribeLogStreams', (input: DescribeLogStreamsInput) => {
      const { name, streams } = store.get(input);
      const logStreams = [...streams]
        .filter(([stream]) => stream.startsWith(input.logStreamNamePrefix ?? ''))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([logStreamName, creationTime]) => ({
          logStreamName,
          creationTime,
          arn: `${store.arnOf(name)}:log-stream:${logStreamName}`,
        }));
      return { logStreams };
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

function existing(kind: 'log group' | 'log stream'): AwsError {
  return new AwsError('ResourceAlreadyExistsException', `The specified ${kind} already exists`);
}
