import { AwsError } from '../core/aws-error.ts';
import type { Operation } from '../core/cloud.ts';
import type { Ids } from '../core/ids.ts';
import { matchesFilter } from './filter-pattern.ts';
import type { FilterLogEventsInput, GetLogEventsInput, InputLogEvent, PutLogEventsInput, TimeRange } from './inputs.ts';
import { type LogStore, onGroup, onStream } from './log-store.ts';

const MAX_MESSAGE_BYTES = 1_048_576;
const MAX_BATCH_EVENTS = 10_000;

/** PutLogEvents, GetLogEvents, FilterLogEvents. */
export function eventOperations(store: LogStore, ids: Ids): Record<string, Operation> {
  return {
    ...onStream(store, 'PutLogEvents', (input: PutLogEventsInput) => {
      const { group, stream } = store.getWithStream(input);
      for (const event of checkLogEvents(input.logEvents ?? [])) store.addEvent(group, stream, event);
      return { nextSequenceToken: ids.hex(56) };
    }),
    ...onStream(store, 'GetLogEvents', (input: GetLogEventsInput) => {
      const { group, stream } = store.getWithStream(input);
      const all = group.events((event) => event.logStreamName === stream && isInRange(input, event.timestamp));
      const limit = input.limit ?? store.bounds.events;
      const page = input.startFromHead === true ? all.slice(0, limit) : all.slice(-limit);
      // Everything is on the first page, as a group keeps few lines. The second page, which is empty, ends the reading.
      const events = input.nextToken === undefined ? page : [];
      return {
        events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
        nextForwardToken: 'f/end',
        nextBackwardToken: 'b/end',
      };
    }),
    ...onGroup(store, 'FilterLogEvents', (input: FilterLogEventsInput) => {
      const matches = matchesFilter(input.filterPattern);
      const events = store
        .get(input)
        .events(
          (event) =>
            isInRange(input, event.timestamp) &&
            (input.logStreamNames === undefined || input.logStreamNames.includes(event.logStreamName)) &&
            event.logStreamName.startsWith(input.logStreamNamePrefix ?? '') &&
            matches(event.message),
        );
      return { events: events.slice(0, input.limit ?? store.bounds.events), searchedLogStreams: [] };
    }),
  };
}

/** Throws AwsError InvalidParameterException. */
function checkLogEvents(events: readonly InputLogEvent[]): readonly InputLogEvent[] {
  const isValid = ({ timestamp, message }: InputLogEvent) =>
    Number.isFinite(timestamp) && typeof message === 'string' && message !== '';
  if (events.length === 0 || events.length > MAX_BATCH_EVENTS || !events.every(isValid)) {
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

function isInRange({ startTime = 0, endTime = Number.POSITIVE_INFINITY }: TimeRange, timestamp: number): boolean {
  return timestamp >= startTime && timestamp < endTime;
}
