import type { EndpointStatus } from '@aws-sdk/client-sagemaker';
import { arn as makeArn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { type InvocationResponse, NotSent } from './launcher.ts';
import { endpointArn } from './names.ts';
import { route } from './router.ts';
import { type Endpoint, keyOf, type Store } from './store.ts';
import type { Times } from './times.ts';

/** The largest request body, in bytes. */
export const MAX_REQUEST_BYTES = 25 * 1024 * 1024;

/** How much of a container's error is passed on, in characters. */
const MAX_ERROR_CHARACTERS = 64 * 1024;

/** InvokeEndpoint's input, as in the SDK; `signal` says that the caller has gone. */
export interface InvokeInput {
  readonly EndpointName: string;
  readonly Body: Uint8Array | string;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly CustomAttributes?: string;
  readonly TargetModel?: string;
  readonly TargetVariant?: string;
  readonly TargetContainerHostname?: string;
  readonly InferenceId?: string;
  readonly EnableExplanations?: string;
  readonly InferenceComponentName?: string;
  readonly SessionId?: string;
  readonly signal?: AbortSignal;
}

/** InvokeEndpoint's output, with the body as a stream: read it to its end or close it. */
export interface InvokeOutput {
  readonly Body: AsyncIterable<Uint8Array>;
  readonly ContentType?: string;
  readonly InvokedProductionVariant: string;
  readonly CustomAttributes?: string;
  readonly NewSessionId?: string;
  readonly ClosedSessionId?: string;
}

const SERVING_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
] as const);

/** InvokeEndpoint, for the HTTP edge and for callers in process. Asks for `sagemaker:InvokeEndpoint` on the endpoint. */
export function invokeOperation(deps: Deps, store: Store, times: Times): Operation<InvokeInput, InvokeOutput> {
  return {
    permissions: (input) => [
      { action: 'sagemaker:InvokeEndpoint', resource: endpointArn(deps.account, input.EndpointName) },
    ],
    async run(input) {
      const endpoint = store.endpoints.get(keyOf(input.EndpointName));
      if (!endpoint?.fleet || !SERVING_STATUSES.has(endpoint.status)) {
        throw validationError(`Endpoint ${input.EndpointName} of account ${deps.account.accountId} not found.`);
      }
      if (input.InferenceComponentName !== undefined) {
        throw validationError('The local runtime does not simulate inference components.');
      }
      const body = typeof input.Body === 'string' ? Buffer.from(input.Body) : input.Body;
      if (body.byteLength > MAX_REQUEST_BYTES) throw tooLarge();
      const { TargetVariant } = input;
      if (TargetVariant !== undefined && !endpoint.fleet.variants.some(({ name }) => name === TargetVariant)) {
        throw validationError(`Variant ${TargetVariant} of endpoint ${endpoint.name} not found.`);
      }
      return await invoke(deps, endpoint, input, body, times);
    },
  };
}

async function invoke(
  deps: Deps,
  endpoint: Endpoint,
  input: InvokeInput,
  body: Uint8Array,
  times: Times,
): Promise<InvokeOutput> {
  const abort = new AbortController();
  let timedOut = false;
  const cancel = deps.clock.schedule(times.invocationTimeoutMs, () => {
    timedOut = true;
    abort.abort();
  });
  const gone = () => abort.abort();
  input.signal?.addEventListener('abort', gone, { once: true });
  if (input.signal?.aborted) gone();
  const done = () => {
    cancel();
    input.signal?.removeEventListener('abort', gone);
  };
  try {
    const { answer, variant } = await send(endpoint, input, body, abort.signal);
    if (answer.status < 200 || answer.status > 299) throw modelError(deps, endpoint, answer, await text(answer.body));
    const header = (name: string) => answer.headers[name];
    return {
      Body: closing(answer.body, abort, done),
      ContentType: header('content-type'),
      InvokedProductionVariant: variant,
      CustomAttributes: header('x-amzn-sagemaker-custom-attributes'),
      NewSessionId: header('x-amzn-sagemaker-new-session-id'),
      ClosedSessionId: header('x-amzn-sagemaker-closed-session-id'),
    };
  } catch (error) {
    done();
    if (error instanceof AwsError) throw error;
    const message = timedOut
      ? 'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.'
      : 'The container closed the connection before it answered.';
    const failed = { status: 0, headers: {}, body: nothing(), container: 'primary' };
    throw modelError(deps, endpoint, failed, message, error);
  }
}

/** An instance that is gone costs no request as long as another one can take it. */
async function send(endpoint: Endpoint, input: InvokeInput, body: Uint8Array, signal: AbortSignal) {
  const request = {
    headers: headersFor(input),
    body,
    ...(input.TargetContainerHostname !== undefined && { targetContainer: input.TargetContainerHostname }),
    ...(input.TargetModel !== undefined && { targetModel: input.TargetModel }),
    signal,
  };
  let choice = route(endpoint, input.TargetVariant);
  for (let attempt = 1; choice; attempt++) {
    try {
      return { answer: await choice.instance.invoke(request), variant: choice.variant.name };
    } catch (error) {
      if (!(error instanceof NotSent) || attempt === 3) throw error;
      choice = route(endpoint, input.TargetVariant, choice.instance);
    }
  }
  throw new AwsError(
    'ServiceUnavailable',
    `No healthy instance of endpoint ${endpoint.name} can take the request.`,
    503,
    {
      Message: `No healthy instance of endpoint ${endpoint.name} can take the request.`,
    },
  );
}

function headersFor(input: InvokeInput): Record<string, string> {
  const headers: Record<string, string | undefined> = {
    'content-type': input.ContentType,
    accept: input.Accept,
    'x-amzn-sagemaker-custom-attributes': input.CustomAttributes,
    'x-amzn-sagemaker-target-model': input.TargetModel,
    'x-amzn-sagemaker-target-variant': input.TargetVariant,
    'x-amzn-sagemaker-target-container-hostname': input.TargetContainerHostname,
    'x-amzn-sagemaker-inference-id': input.InferenceId,
    'x-amzn-sagemaker-enable-explanations': input.EnableExplanations,
    'x-amzn-sagemaker-session-id': input.SessionId,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function modelError(
  deps: Deps,
  endpoint: Endpoint,
  answer: InvocationResponse,
  message: string,
  cause?: unknown,
): AwsError {
  const { region, accountId } = deps.account;
  const group = `/aws/sagemaker/Endpoints/${endpoint.name}`;
  const side = answer.status >= 400 && answer.status < 500 ? 'client' : 'server';
  const full = `Received ${side} error (${answer.status}) from ${answer.container} with message "${message}". See https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group} in account ${accountId} for more information.`;
  return new AwsError(
    'ModelError',
    full,
    424,
    {
      Message: full,
      OriginalStatusCode: answer.status,
      OriginalMessage: message,
      LogStreamArn: makeArn(deps.account, 'logs', `log-group:${group}`),
    },
    cause,
  );
}

/** HTTP 400 of the runtime API, whose code lacks the control plane's "Exception". */
const validationError = (message: string): AwsError =>
  new AwsError('ValidationError', message, 400, { Message: message });

/** The status is AWS's own for this case, by field reports. */
export function tooLarge(): AwsError {
  const message = `HTTP content length exceeded ${MAX_REQUEST_BYTES} bytes.`;
  return new AwsError('ValidationError', message, 413, { Message: message });
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let out = '';
  for await (const chunk of body) {
    out += decoder.decode(chunk, { stream: true });
    if (out.length > MAX_ERROR_CHARACTERS) return `${out.slice(0, MAX_ERROR_CHARACTERS)}…`;
  }
  return out;
}

/** `close` is called once the body has ended, failed or been given up; giving up also ends the request itself. */
function closing(
  body: AsyncIterable<Uint8Array>,
  abort: AbortController,
  close: () => void,
): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const result = await source.next();
        if (result.done) close();
        return result;
      } catch (error) {
        close();
        throw error;
      }
    },
    async return() {
      // A generator that was never started does not run its clean-up: the signal reaches the connection in any case.
      abort.abort();
      close();
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
