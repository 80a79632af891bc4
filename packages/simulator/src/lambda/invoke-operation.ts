import type { InvocationRequest, InvocationType } from '@aws-sdk/client-lambda';
import { AwsError } from '../core/aws-error.ts';
import type { Operation } from '../core/cloud.ts';
import { type FunctionInput, findFunction, functionResource, type LambdaContext } from './context.ts';
import { invalidMember, invalidParameter } from './errors.ts';

/** In process the payload can be a string, too. */
type InvokeInput = Omit<InvocationRequest, 'Payload'> & { readonly Payload?: Uint8Array | string };

/** Response of Invoke. */
export interface InvokeOutput {
  readonly StatusCode: number;
  readonly ExecutedVersion?: string;
  readonly FunctionError?: string;
  /** Base64. */
  readonly LogResult?: string;
  readonly Payload?: Uint8Array;
}

/** Maximum payload of a RequestResponse invocation. */
const MAX_PAYLOAD_BYTES = 6_291_456;
/** Maximum payload of an Event invocation. */
const MAX_EVENT_BYTES = 1_048_576;

/** Invoke: RequestResponse, Event, DryRun. */
export function invokeFunctionOperation(context: LambdaContext): Operation {
  const run = async (input: InvokeInput): Promise<InvokeOutput> => {
    const type: InvocationType = input.InvocationType ?? 'RequestResponse';
    if (!['RequestResponse', 'Event', 'DryRun'].includes(type)) {
      throw invalidMember(type, 'invocationType', 'satisfy enum value set: [Event, RequestResponse, DryRun]');
    }
    const fn = findFunction(context, input.FunctionName, input.Qualifier);
    const payload = checkedPayload(input.Payload, type);
    const clientContext = checkedClientContext(input.ClientContext);
    if (type === 'DryRun') return { StatusCode: 204 };
    if (type === 'Event') {
      // Checked now, because the caller would not learn of it from a background run.
      context.invoker.assertRunnable(fn);
      context.events.accept(fn, payload, clientContext);
      return { StatusCode: 202, Payload: new Uint8Array() };
    }
    const result = await context.invoker.invoke(fn, payload, clientContext);
    return {
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      Payload: result.payload,
      ...(result.failure && { FunctionError: 'Unhandled' }),
      ...(input.LogType === 'Tail' && { LogResult: Buffer.from(result.logTail).toString('base64') }),
    };
  };
  const permissions = (input: FunctionInput) => [
    { action: 'lambda:InvokeFunction', resource: functionResource(context.deps.account, input) },
  ];
  return { permissions, run };
}

function checkedPayload(given: Uint8Array | string | undefined, type: string): Uint8Array {
  const bytes = typeof given === 'string' ? Buffer.from(given) : (given ?? new Uint8Array());
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (bytes.length > limit) {
    const message = `${bytes.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`;
    throw new AwsError('RequestTooLargeException', message, 413, { Type: 'User' });
  }
  if (bytes.length === 0) return Buffer.from('{}');
  try {
    JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
      400,
      { Type: 'User', cause: error },
    );
  }
  return bytes;
}

function checkedClientContext(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const text = Buffer.from(given, 'base64').toString();
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalidParameter('Client context must be a valid Base64-encoded JSON object.', error);
  }
  return text;
}
