import type { CloudWatchLogs, InputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { AwsError } from '../core/aws-error.ts';
import type { Deps } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import { invalidLogs, type LogGroups } from './log-group.ts';

const MAX_MESSAGE_BYTES = 1_048_576;
/** Also of one page. */
const MAX_BATCH_EVENTS = 10_000;
const EVENT_ID_DIGITS = 56;
const MAX_AGE_MS = 14 * 86_400_000;
const MAX_AHEAD_MS = 2 * 3_600_000;

/** Writes, reads and filters the lines of log groups. */
export function eventOperations({ clock, ids }: Deps, groups: LogGroups) {
  return operationsOf<CloudWatchLogs>()('logs', groups.resourceOf, {
    PutLogEvents({ logEvents = [], ...input }) {
      const { group, stream: logStreamName } = groups.findWithStream(input);
      const now = clock.now();
      const { tooOld, tooNew, events } = acceptedEvents(logEvents, now);
      for (const event of events) group.add({ ...event, logStreamName, ingestionTime: now });
      const rejectedLogEventsInfo = {
        ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
        ...(tooNew < logEvents.length && { tooNewLogEventStartIndex: tooNew }),
      };
      const areAllAccepted = events.length === logEvents.length;
      return { nextSequenceToken: ids.hex(56), ...(!areAllAccepted && { rejectedLogEventsInfo }) };
    },
    FilterLogEvents({ limit, nextToken, logStreamNames, logStreamNamePrefix = '', ...input }) {
      const matches = matchesFilter(input.filterPattern);
      const after = nextToken === undefined ? START : readPosition(nextToken);
      const events = groups
        .find(input)
        .events(
          (event) =>
            compare(event, after) > 0 &&
            isInRange(input, event.timestamp) &&
            (logStreamNames === undefined || logStreamNames.includes(event.logStreamName)) &&
            event.logStreamName.startsWith(logStreamNamePrefix) &&
            matches(event.message),
        );
      const shown = events.slice(0, checkedLimit(limit));
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
    GetLogEvents({ limit: givenLimit, nextToken, startFromHead = false, ...input }) {
      const { group, stream } = groups.findWithStream(input);
      const limit = checkedLimit(givenLimit);
      const token = nextToken === undefined ? undefined : readPosition(nextToken);
      const isForward = token === undefined ? startFromHead : token.direction === 'f';
      const isBeyond = (event: Position) =>
        token === undefined || (isForward ? compare(event, token) > 0 : compare(event, token) < 0);
      const rest = group.events(
        (event) => event.logStreamName === stream && isInRange(input, event.timestamp) && isBeyond(event),
      );
      const events = isForward ? rest.slice(0, limit) : rest.slice(-limit);
      return {
        events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
        // At an end AWS returns the token that it got.
        nextForwardToken: tokenOf('f', events.at(-1) ?? token ?? START),
        nextBackwardToken: tokenOf('b', events[0] ?? token ?? START),
      };
    },
  });
}

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
  if (direction === '') throw invalidLogs('The specified nextToken is invalid.');
  return { direction, timestamp: Number(timestamp), sequence: Number(sequence) };
}

/**
 * The events that are neither too old nor too new, how many are too old, and where those begin that are too new.
 * Throws AwsError InvalidParameterException.
 */
function acceptedEvents(given: readonly InputLogEvent[], nowMs: number) {
  const all = given.map(({ timestamp = Number.NaN, message = '' }) => ({ timestamp, message }));
  const areValid = all.every(({ timestamp, message }) => Number.isFinite(timestamp) && message !== '');
  if (all.length === 0 || all.length > MAX_BATCH_EVENTS || !areValid) {
    throw invalidLogs(`Log events must be 1 to ${MAX_BATCH_EVENTS}, each with timestamp and message.`);
  }
  if (all.some(({ message }) => Buffer.byteLength(message) > MAX_MESSAGE_BYTES)) {
    throw invalidLogs(`Log event too large: more than ${MAX_MESSAGE_BYTES} bytes.`);
  }
  if (all.some(({ timestamp }, at) => timestamp < (all[at - 1]?.timestamp ?? timestamp))) {
    throw invalidLogs('Log events in a single PutLogEvents request must be in chronological order.');
  }
  const tooOld = all.filter(({ timestamp }) => timestamp < nowMs - MAX_AGE_MS).length;
  const tooNew = all.filter(({ timestamp }) => timestamp <= nowMs + MAX_AHEAD_MS).length;
  return { tooOld, tooNew, events: all.slice(tooOld, tooNew) };
}

/** Throws AwsError InvalidParameterException. */
function checkedLimit(limit = MAX_BATCH_EVENTS): number {
  checkMember('limit', limit, { min: 1, max: MAX_BATCH_EVENTS }, 'InvalidParameterException');
  return limit;
}

/** From `startTime` up to, but not including, `endTime`. */
const isInRange = (
  { startTime = 0, endTime = Number.POSITIVE_INFINITY }: { startTime?: number; endTime?: number },
  timestamp: number,
) => timestamp >= startTime && timestamp < endTime;

/**
 * Compiles a filter pattern of plain terms: every term must occur in the message, a term with `-` must not, and quotes
 * keep a phrase together. Throws AwsError UnsupportedOperationException for JSON, space-delimited and
 * regular-expression patterns.
 */
function matchesFilter(pattern = ''): (message: string) => boolean {
  const text = pattern.trim();
  if (/^[{[%]/.test(text)) {
    throw new AwsError(
      'UnsupportedOperationException',
      `The local runtime does not simulate the filter pattern ${text}.`,
      501,
    );
  }
  const terms = [...text.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].map(([, minus, phrase, word]) => ({
    isRequired: minus === '',
    text: phrase ?? word ?? '',
  }));
  return (message) => terms.every((term) => message.includes(term.text) === term.isRequired);
}
