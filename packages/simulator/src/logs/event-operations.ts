import type {
  FilterLogEventsRequest,
  GetLogEventsRequest,
  InputLogEvent,
  PutLogEventsRequest,
} from '@aws-sdk/client-cloudwatch-logs';
import { AwsError } from '../core/aws-error.ts';
import type { Operation } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';
import { permitted } from '../core/permitted.ts';
import { matchesFilter } from './filter-pattern.ts';
import { checkLimit, invalidNextToken, type LogStore, type LogStreamInput } from './log-store.ts';

const MAX_MESSAGE_BYTES = 1_048_576;
/** Also of one page. */
const MAX_BATCH_EVENTS = 10_000;
const EVENT_ID_DIGITS = 56;

/** PutLogEvents, GetLogEvents, FilterLogEvents. */
export function eventOperations(store: LogStore, ids: Ids): Record<string, Operation> {
  return {
    ...permitted('logs', (input: LogStreamInput) => store.groupResource(input), {
      FilterLogEvents: (input: FilterLogEventsRequest) => {
        const matches = matchesFilter(input.filterPattern);
        const after = input.nextToken === undefined ? START : readPosition(input.nextToken);
        const events = store
          .get(input)
          .events(
            (event) =>
              compare(event, after) > 0 &&
              isInRange(input, event.timestamp) &&
              (input.logStreamNames === undefined || input.logStreamNames.includes(event.logStreamName)) &&
              event.logStreamName.startsWith(input.logStreamNamePrefix ?? '') &&
              matches(event.message),
          );
        const shown = events.slice(0, checkLimit(input.limit, MAX_BATCH_EVENTS));
        const last = shown.at(-1);
        return {
          events: shown.map(({ sequence, ...event }) => ({
            ...event,
            eventId: String(sequence).padStart(EVENT_ID_DIGITS, '0'),
          })),
          searchedLogStreams: [],
          nextToken: last && shown.length < events.length ? tokenOf('f', last) : undefined,
        };
      },
    }),
    ...permitted('logs', (input: LogStreamInput) => store.streamResource(input), {
      PutLogEvents: (input: PutLogEventsRequest) => {
        const { group, stream } = store.getWithStream(input);
        for (const event of checkLogEvents(input.logEvents ?? [])) store.addEvent(group, stream, event);
        return { nextSequenceToken: ids.hex(56) };
      },
      GetLogEvents: (input: GetLogEventsRequest) => {
        const { group, stream } = store.getWithStream(input);
        const all = group.events((event) => event.logStreamName === stream && isInRange(input, event.timestamp));
        const limit = checkLimit(input.limit, MAX_BATCH_EVENTS);
        const token = input.nextToken === undefined ? undefined : readPosition(input.nextToken);
        const isForward = token === undefined ? input.startFromHead === true : token.direction === 'f';
        const isBeyond = (event: Position) =>
          token === undefined || (isForward ? compare(event, token) > 0 : compare(event, token) < 0);
        const rest = all.filter(isBeyond);
        const events = isForward ? rest.slice(0, limit) : rest.slice(-limit);
        // At an end AWS returns the token that it got.
        const [first, last] = [events[0] ?? token ?? START, events.at(-1) ?? token ?? START];
        return {
          events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
          nextForwardToken: tokenOf('f', last),
          nextBackwardToken: tokenOf('b', first),
        };
      },
    }),
  };
}

type TimeRange = Pick<FilterLogEventsRequest, 'startTime' | 'endTime'>;

/** A place in the order of a group's lines: by time, then as they were added. */
interface Position {
  readonly timestamp: number;
  readonly sequence: number;
}

/** Before all lines. */
const START: Position = { timestamp: Number.NEGATIVE_INFINITY, sequence: 0 };

const compare = (a: Position, b: Position) => a.timestamp - b.timestamp || a.sequence - b.sequence;

const tokenOf = (direction: 'f' | 'b', { timestamp, sequence }: Position) => `${direction}/${timestamp}/${sequence}`;

/** Throws AwsError InvalidParameterException. */
function readPosition(token: string): Position & { readonly direction: string } {
  const [, direction = '', timestamp, sequence] = /^([fb])\/(-Infinity|-?\d{1,16})\/(\d{1,16})$/.exec(token) ?? [];
  if (direction === '') throw invalidNextToken();
  return { direction, timestamp: Number(timestamp), sequence: Number(sequence) };
}

/** Throws AwsError InvalidParameterException. */
function checkLogEvents(given: readonly InputLogEvent[]): readonly { timestamp: number; message: string }[] {
  const events = given.map(({ timestamp = Number.NaN, message = '' }) => ({ timestamp, message }));
  const areValid = events.every(({ timestamp, message }) => Number.isFinite(timestamp) && message !== '');
  if (events.length === 0 || events.length > MAX_BATCH_EVENTS || !areValid) {
    throw new AwsError(
      'InvalidParameterException',
      `Log events must be 1 to ${MAX_BATCH_EVENTS}, each with timestamp and message.`,
    );
  }
  if (events.some(({ message }) => Buffer.byteLength(message) > MAX_MESSAGE_BYTES)) {
    throw new AwsError('InvalidParameterException', `Log event too large: more than ${MAX_MESSAGE_BYTES} bytes.`);
  }
  return events;
}

/** From `startTime` up to, but not including, `endTime`. */
function isInRange({ startTime = 0, endTime = Number.POSITIVE_INFINITY }: TimeRange, timestamp: number): boolean {
  return timestamp >= startTime && timestamp < endTime;
}
