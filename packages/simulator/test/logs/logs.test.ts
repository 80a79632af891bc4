import { beforeEach, describe, expect, it } from 'vitest';
import { defaultAccount } from '../../src/core/account.ts';
import { Cloud, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createLogs, type Logs } from '../../src/logs/logs.ts';

let cloud: Cloud;
let logs: Logs;
let clock: VirtualClock;
const group = { logGroupName: '/aws/lambda/f' };
const stream = { ...group, logStreamName: 's' };
const call = (operation: string, input: object) => cloud.call('logs', operation, input, root(defaultAccount));
const filtered = async (more: object = {}) =>
  (await call('FilterLogEvents', { ...group, ...more })).events.map(({ message }: { message: string }) => message);

beforeEach(() => {
  cloud = new Cloud();
  clock = new VirtualClock();
  const deps = { account: defaultAccount, clock, ids: seededIds(1), cloud };
  logs = createLogs(deps, { bounds: { events: 3, bytes: 10_000 } });
  cloud.register(logs.service);
});

describe('logs', () => {
  it('are read as they were written', async () => {
    await call('CreateLogGroup', group);
    await call('CreateLogStream', stream);
    const now = clock.now();
    await call('PutLogEvents', { ...stream, logEvents: [{ timestamp: now, message: 'b' }] });
    await call('PutLogEvents', { ...stream, logEvents: [{ timestamp: now - 1, message: 'a' }] });
    const { events } = await call('GetLogEvents', { ...stream, startFromHead: true });
    expect(events).toMatchObject([{ message: 'a' }, { message: 'b' }]);
    expect(await filtered({ startTime: now })).toEqual(['b']);
  });

  it('are written in order of time, and only from 14 days ago to two hours ahead', async () => {
    await call('CreateLogGroup', group);
    await call('CreateLogStream', stream);
    const put = (...hours: number[]) => {
      const logEvents = hours.map((hour) => ({ timestamp: clock.now() + hour * 3_600_000, message: `${hour}` }));
      return call('PutLogEvents', { ...stream, logEvents });
    };
    await expect(put(0, -1)).rejects.toThrow('must be in chronological order');
    expect(await put(0)).not.toHaveProperty('rejectedLogEventsInfo');
    expect(await put(-337, -336, 2, 3)).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 3 },
    });
    expect(await filtered()).toEqual(['-336', '0', '2']);
  });

  it('keep the newest lines only', async () => {
    for (let i = 0; i < 500; i++) logs.append('/aws/lambda/f', 's', `line ${i}`);
    expect(await filtered()).toEqual(['line 497', 'line 498', 'line 499']);
    logs.append('/aws/lambda/f', 's', 'x'.repeat(9_950));
    expect(await filtered()).toHaveLength(1);
  });

  it('are filtered by words and phrases', async () => {
    for (const line of ['ERROR one', 'INFO one', 'ERROR two three']) logs.append('/aws/lambda/f', 's', line);
    expect(await filtered({ filterPattern: 'ERROR' })).toEqual(['ERROR one', 'ERROR two three']);
    expect(await filtered({ filterPattern: 'ERROR -two' })).toEqual(['ERROR one']);
    expect(await filtered({ filterPattern: '"two three"' })).toEqual(['ERROR two three']);
    await expect(filtered({ filterPattern: '{ $.a = 1 }' })).rejects.toThrow(/does not simulate the filter pattern/);
  });

  it('are read page by page, without a loss', async () => {
    for (const line of ['a', 'b', 'c']) logs.append('/aws/lambda/f', 's', line);
    const first = await call('FilterLogEvents', { ...group, limit: 2 });
    expect(first.events.map(({ message }: { message: string }) => message)).toEqual(['a', 'b']);
    // A line that is dropped meanwhile moves no other one.
    logs.append('/aws/lambda/f', 's', 'd');
    const second = await call('FilterLogEvents', { ...group, limit: 2, nextToken: first.nextToken });
    expect(second.events.map(({ message }: { message: string }) => message)).toEqual(['c', 'd']);
    expect(second.nextToken).toBeUndefined();
    await expect(filtered({ nextToken: 'x' })).rejects.toThrow('The specified nextToken is invalid.');
    await expect(filtered({ limit: 0 })).rejects.toThrow(/Value '0' at 'limit' .* greater than or equal to 1/);
  });

  it('of a stream are read forwards and backwards', async () => {
    for (const line of ['a', 'b', 'c']) logs.append('/aws/lambda/f', 's', line);
    const read = async (more: object) => {
      const { events, ...tokens } = await call('GetLogEvents', { ...stream, limit: 2, ...more });
      return { lines: events.map(({ message }: { message: string }) => message).join(''), ...tokens };
    };
    const head = await read({ startFromHead: true });
    const next = await read({ nextToken: head.nextForwardToken });
    const end = await read({ nextToken: next.nextForwardToken });
    expect([head.lines, next.lines, end.lines]).toEqual(['ab', 'c', '']);
    expect(end.nextForwardToken).toBe(next.nextForwardToken);
    const tail = await read({});
    expect([tail.lines, (await read({ nextToken: tail.nextBackwardToken })).lines]).toEqual(['bc', 'a']);
  });

  it('have streams, in order of name or of their last line', async () => {
    for (const name of ['b', 'a', 'c']) {
      logs.append('/aws/lambda/f', name, 'line');
      await clock.advance(1_000);
    }
    const names = async (input: object) =>
      (await call('DescribeLogStreams', { ...group, ...input })).logStreams.map(
        ({ logStreamName }: { logStreamName: string }) => logStreamName,
      );
    expect(await names({})).toEqual(['a', 'b', 'c']);
    expect(await names({ orderBy: 'LastEventTime', descending: true, limit: 2 })).toEqual(['c', 'a']);
    await expect(names({ orderBy: 'x' })).rejects.toThrow(/at 'orderBy' failed to satisfy constraint/);
    const { nextToken } = await call('DescribeLogStreams', { ...group, limit: 2 });
    expect(await names({ nextToken })).toEqual(['c']);
  });

  it('report missing and duplicate groups and streams', async () => {
    await expect(call('DeleteLogGroup', group)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await call('CreateLogGroup', group);
    await expect(call('CreateLogGroup', group)).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException' });
    await expect(call('PutLogEvents', { ...stream, logEvents: [] })).rejects.toThrow(
      'The specified log stream does not exist.',
    );
  });

  it('have groups that are found by their ARN', async () => {
    await call('CreateLogGroup', group);
    await call('CreateLogStream', stream);
    const [{ arn, logGroupArn }] = (await call('DescribeLogGroups', {})).logGroups;
    const read = (logGroupIdentifier: string) => call('GetLogEvents', { logGroupIdentifier, logStreamName: 's' });
    expect((await read(logGroupArn)).events).toEqual([]);
    await expect(call('DescribeLogStreams', { ...group, logGroupIdentifier: logGroupArn })).rejects.toMatchObject({
      code: 'ValidationException',
    });
    await expect(read(arn)).rejects.toThrow(/'logGroupIdentifier' failed to satisfy constraint/);
  });

  it('have groups with a retention, and a key that is described', async () => {
    await call('CreateLogGroup', { ...group, kmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/k' });
    await call('PutRetentionPolicy', { ...group, retentionInDays: 14 });
    await expect(call('PutRetentionPolicy', { ...group, retentionInDays: 2 })).rejects.toThrow(
      /Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: \[1, 3, /,
    );
    const both = { logGroupNamePrefix: '/aws/', logGroupNamePattern: 'lambda' };
    await expect(call('DescribeLogGroups', both)).rejects.toThrow('mutually exclusive');
    const { logGroups } = await call('DescribeLogGroups', { logGroupNamePrefix: '/aws/' });
    expect(logGroups).toMatchObject([
      { logGroupName: '/aws/lambda/f', retentionInDays: 14, kmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/k' },
    ]);
  });

  it('are described in full unless a pattern finds them', async () => {
    await call('CreateLogGroup', group);
    const [byPrefix] = (await call('DescribeLogGroups', { logGroupNamePrefix: '/aws' })).logGroups;
    expect(byPrefix).toMatchObject({ storedBytes: 0, deletionProtectionEnabled: false });
    const [byPattern] = (await call('DescribeLogGroups', { logGroupNamePattern: 'lambda' })).logGroups;
    expect({ ...byPattern, storedBytes: 0, deletionProtectionEnabled: false }).toEqual(byPrefix);
    expect(byPattern).not.toHaveProperty('storedBytes');
  });

  it('have names of a limited length, and streams without colons', async () => {
    const tooLong = 'Invalid LogGroup or LogStream, both must have length less than or equal to 512.';
    await call('CreateLogGroup', group);
    const long = 'a'.repeat(513);
    await expect(call('CreateLogGroup', { logGroupName: long })).rejects.toThrow(tooLong);
    await expect(call('CreateLogStream', { ...group, logStreamName: long })).rejects.toThrow(tooLong);
    await expect(call('CreateLogStream', { ...group, logStreamName: 'a:b' })).rejects.toThrow('pattern: [^:*]*');
  });

  it('need permission on the stream', () => {
    expect(logs.service.operations.PutLogEvents?.permissions?.(stream)).toEqual([
      {
        action: 'logs:PutLogEvents',
        resource: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:log-stream:s',
      },
    ]);
  });
});
