import { AwsError } from '../core/aws-error.ts';
import { checkMember } from '../core/constraint.ts';
import { type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import type { LambdaFunction } from './function.ts';
import { askedArn } from './names.ts';

/** Maximum payload of a RequestResponse invocation. */
const MAX_PAYLOAD_BYTES = 6_291_456;
/** Maximum payload of an Event invocation. */
const MAX_EVENT_BYTES = 1_048_576;
/** Pauses before the second and the third attempt of a failed event. */
const RETRY_PAUSES_MS = [60_000, 120_000];
/** Age at which an event is dropped unless the function's EventInvokeConfig says otherwise. */
const DEFAULT_MAX_AGE_SECONDS = 21_600;
/** Pause after the first throttled attempt; it doubles with each further one. */
const FIRST_THROTTLE_PAUSE_MS = 1_000;
const MAX_THROTTLE_PAUSE_MS = 300_000;

/** Invoke: RequestResponse, Event, DryRun. */
export function invokeFunctionOperation(context: LambdaContext) {
  const { invoker } = context;
  return lambdaOperations(context, {
    Invoke: onFunction(
      context,
      async (fn, { InvocationType: type = 'RequestResponse', Payload, LogType, ...reference }) => {
        checkMember('invocationType', type, { oneOf: ['Event', 'RequestResponse', 'DryRun'] });
        const payload = checkedPayload(Payload as Uint8Array | string | undefined, type);
        if (type === 'DryRun') return { StatusCode: 204 };
        const functionArn = askedArn(fn, reference);
        if (type === 'Event') {
          // Checked now, because the caller would not learn of it from a background run.
          invoker.assertRunnable(fn);
          runInBackground(context, fn, payload, functionArn);
          return { StatusCode: 202, Payload: new Uint8Array() };
        }
        const result = await invoker.invoke(fn, payload, functionArn);
        return {
          StatusCode: 200,
          ExecutedVersion: '$LATEST',
          Payload: result.payload,
          ...(result.failure && { FunctionError: 'Unhandled' }),
          ...(LogType === 'Tail' && { LogResult: Buffer.from(result.logTail).toString('base64') }),
        };
      },
      '$LATEST',
    ),
  });
}

/** In process the payload can be a string, too. */
function checkedPayload(given: Uint8Array | string = '', type: string): Uint8Array {
  const bytes = Buffer.from(given);
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (bytes.length > limit) {
    const message = `${bytes.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`;
    throw new AwsError('RequestTooLargeException', message, 413, { Type: 'User' });
  }
  if (bytes.length === 0) return Buffer.from('{}');
  try {
    JSON.parse(bytes.toString());
    return bytes;
  } catch (cause) {
    const message = `Could not parse request body into json: Could not parse payload into json: ${(cause as Error).message}`;
    throw new AwsError('InvalidRequestContentException', message, 400, { Type: 'User', cause });
  }
}

/**
 * Runs an event at once; again twice after a failure, and while the function is throttled, until the event is too old.
 */
function runInBackground(
  { deps: { clock }, functions, invoker }: LambdaContext,
  fn: LambdaFunction,
  payload: Uint8Array,
  functionArn: string,
) {
  const acceptedAt = clock.now();
  let failures = 0;
  let throttlePauseMs = FIRST_THROTTLE_PAUSE_MS;
  const schedule = (delayMs: number) => {
    const maxAgeMs = (fn.eventInvokeConfig?.MaximumEventAgeInSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1_000;
    if (clock.now() + delayMs - acceptedAt <= maxAgeMs) clock.schedule(delayMs, () => void attempt());
  };
  const attempt = async (): Promise<void> => {
    if (functions.get(fn.name) !== fn) return;
    try {
      const { failure } = await invoker.invoke(fn, payload, functionArn);
      if (!failure) return;
    } catch (error) {
      if ((error as Error).name !== 'TooManyRequestsException') return;
      schedule(throttlePauseMs);
      throttlePauseMs = Math.min(throttlePauseMs * 2, MAX_THROTTLE_PAUSE_MS);
      return;
    }
    const pause = RETRY_PAUSES_MS[failures];
    failures += 1;
    const allowed = fn.eventInvokeConfig?.MaximumRetryAttempts ?? RETRY_PAUSES_MS.length;
    if (pause !== undefined && failures <= allowed) schedule(pause);
  };
  schedule(0);
}
