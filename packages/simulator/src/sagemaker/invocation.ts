import type { EndpointStatus } from '@aws-sdk/client-sagemaker';
import { arn as makeArn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, LeavingCaller, Operation } from '../core/cloud.ts';
import { type InvocationResponse, NotSent } from './launcher.ts';
import { route } from './router.ts';
import type { Endpoint, Store } from './store.ts';
import type { Times } from './times.ts';

/** Maximum size of a request body. */
const MAX_REQUEST_BYTES = 25 * 1024 * 1024;

/** Maximum length of a container's error in a response. */
const MAX_ERROR_CHARACTERS = 64 * 1024;

/** The members that a container gets as headers. */
const PASSED_ON = [
  ['ContentType', 'content-type'],
  ['Accept', 'accept'],
  ['CustomAttributes', 'x-amzn-sagemaker-custom-attributes'],
  ['TargetModel', 'x-amzn-sagemaker-target-model'],
  ['TargetVariant', 'x-amzn-sagemaker-target-variant'],
  ['TargetContainerHostname', 'x-amzn-sagemaker-target-container-hostname'],
  ['InferenceId', 'x-amzn-sagemaker-inference-id'],
  ['EnableExplanations', 'x-amzn-sagemaker-enable-explanations'],
  ['SessionId', 'x-amzn-sagemaker-session-id'],
] as const;

/** InvokeEndpoint's input, as in the SDK. */
type InvokeEndpointInput = { readonly [Member in (typeof PASSED_ON)[number][0]]?: string } & {
  readonly EndpointName: string;
  readonly Body: Uint8Array | string;
  readonly InferenceComponentName?: string;
};

const SERVING_STATUSES: ReadonlySet<EndpointStatus> = new Set([
  'InService',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'UpdateRollbackFailed',
] as const);

/** InvokeEndpoint, and the same with its response as a stream of events. */
export function invocationOperations(deps: Deps, store: Store, times: Times): Record<string, Operation> {
  const operation: Operation<InvokeEndpointInput> = {
    permissions: (input) => [
      { action: 'sagemaker:InvokeEndpoint', resource: store.endpoints.arnOf(input.EndpointName) },
    ],
    async run(input, caller: LeavingCaller) {
      const endpoint = store.endpoints.get(input.EndpointName);
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
      const call = { endpoint, input, body, signal: caller.signal, timeoutMs: times.invocationTimeoutMs };
      return await invoke(deps, call);
    },
  };
  return { InvokeEndpoint: operation, InvokeEndpointWithResponseStream: operation };
}

/** A checked call of InvokeEndpoint. */
interface EndpointCall {
  readonly endpoint: Endpoint;
  readonly input: InvokeEndpointInput;
  readonly body: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** A body that is a stream is to be read to its end or closed. */
async function invoke(deps: Deps, call: EndpointCall) {
  const { endpoint, signal, timeoutMs } = call;
  const abort = new AbortController();
  let timedOut = false;
  const cancel = deps.clock.schedule(timeoutMs, () => {
    timedOut = true;
    abort.abort();
  });
  const gone = () => abort.abort();
  signal?.addEventListener('abort', gone, { once: true });
  if (signal?.aborted) gone();
  const done = () => {
    cancel();
    signal?.removeEventListener('abort', gone);
  };
  try {
    const { answer, variant } = await send(call, abort.signal);
    const { status, headers, body } = answer;
    if (status < 200 || status > 299) throw modelError(deps, endpoint, answer, await text(body));
    if (body instanceof Uint8Array) done();
    return {
      Body: body instanceof Uint8Array ? body : closing(body, done),
      ContentType: headers['content-type'],
      InvokedProductionVariant: variant,
      CustomAttributes: headers['x-amzn-sagemaker-custom-attributes'],
      NewSessionId: headers['x-amzn-sagemaker-new-session-id'],
      ClosedSessionId: headers['x-amzn-sagemaker-closed-session-id'],
    };
  } catch (error) {
    done();
    if (error instanceof AwsError) throw error;
    const message = timedOut ? TIMEOUT_MESSAGE : 'The container closed the connection before it answered.';
    throw modelError(deps, endpoint, { status: 0, container: 'primary', cause: error }, message);
  }
}

const TIMEOUT_MESSAGE =
  'Your invocation timed out while waiting for a response from container primary. ' +
  'Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.';

/** Instances that a request is sent to before it fails. */
const MAX_ATTEMPTS = 3;

/** Sends the request to another instance if the first one is gone. */
async function send({ endpoint, input, body }: EndpointCall, signal: AbortSignal) {
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
      if (!(error instanceof NotSent) || attempt === MAX_ATTEMPTS) throw error;
      choice = route(endpoint, input.TargetVariant, choice.instance);
    }
  }
  const message = `No healthy instance of endpoint ${endpoint.name} can take the request.`;
  throw new AwsError('ServiceUnavailable', message, 503, { Message: message });
}

function headersFor(input: InvokeEndpointInput): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [member, header] of PASSED_ON) {
    const value = input[member];
    if (value !== undefined) headers[header] = value;
  }
  return headers;
}

type FailedAnswer = Pick<InvocationResponse, 'status' | 'container'> & { readonly cause?: unknown };

function modelError(deps: Deps, endpoint: Endpoint, answer: FailedAnswer, message: string): AwsError {
  const { region, accountId } = deps.account;
  const group = `/aws/sagemaker/Endpoints/${endpoint.name}`;
  const side = answer.status >= 400 && answer.status < 500 ? 'client' : 'server';
  const full =
    `Received ${side} error (${answer.status}) from ${answer.container} with message "${message}". ` +
    `See https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group} ` +
    `in account ${accountId} for more information.`;
  return new AwsError('ModelError', full, 424, {
    Message: full,
    OriginalStatusCode: answer.status,
    OriginalMessage: message,
    LogStreamArn: makeArn(deps.account, 'logs', `log-group:${group}`),
    cause: answer.cause,
  });
}

/** HTTP 400 of the runtime API, whose code has no "Exception" as in the control plane. */
const validationError = (message: string): AwsError =>
  new AwsError('ValidationError', message, 400, { Message: message });

/** By field reports AWS responds with this status. */
export function tooLarge(): AwsError {
  const message = `HTTP content length exceeded ${MAX_REQUEST_BYTES} bytes.`;
  return new AwsError('ValidationError', message, 413, { Message: message });
}

async function text(body: InvocationResponse['body']): Promise<string> {
  const decoder = new TextDecoder();
  let out = '';
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    out += decoder.decode(chunk, { stream: true });
    if (out.length > MAX_ERROR_CHARACTERS) return `${out.slice(0, MAX_ERROR_CHARACTERS)}…`;
  }
  return out;
}

/** Calls `close` when the body ends, fails or is closed early. */
async function* closing(body: AsyncIterable<Uint8Array>, close: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    close();
  }
}
