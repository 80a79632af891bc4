import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#simulator/core/aws-error';
import type { Clock } from '#simulator/core/clock';
import type { Caller, Cloud } from '#simulator/core/cloud';
import { s3Protocol } from '../s3/http/s3-protocol.ts';
import { apiOfSigningName, queryNamespace } from '../wire/api-models.ts';
import { type HttpExchange, type Protocol, sendReply } from '../wire/exchange.ts';
import { jsonProtocol } from '../wire/json-protocol.ts';
import { queryProtocol } from '../wire/query-protocol.ts';
import { restJsonProtocol } from '../wire/rest-json-protocol.ts';
import { sendContinue } from './read-body.ts';
import { signingScope } from './signing.ts';

/** What dispatching needs of its surroundings. */
export interface DispatchOptions {
  readonly cloud: Pick<Cloud, 'call' | 'find' | 'operations'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly iam: { callerOf(accessKeyId: string | undefined): Caller };
  /** Called with each exception that is not an AWS error, which is a bug. The client gets InternalFailure. */
  readonly onError?: (error: unknown) => void;
}

/** Above the largest request of Lambda, a zip file of 50 MB in base64. */
const lambdaProtocol = restJsonProtocol('lambda', 70_167_211);

/** The largest request of InvokeEndpoint is one of 25 MB. */
const sagemakerRuntimeProtocol = restJsonProtocol('sagemaker-runtime', 25 * 1024 ** 2);

/** Finds the service that a request is for, and answers in its protocol. Never rejects. */
export function dispatcher({ cloud, clock, iam, onError }: DispatchOptions) {
  return async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    // A client that disconnects is not an error of the gateway.
    response.on('error', ignore);
    request.on('error', ignore);
    const { url = '/' } = request;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark));
    const scope = signingScope(request.headers.authorization, query);
    const caller = leavingCaller(iam.callerOf(scope?.accessKeyId), response);
    const exchange: HttpExchange = { cloud, clock, request, response, caller, requestId, path, query };
    const protocol = protocolOf(exchange, scope?.service ?? serviceOfUnsigned(exchange));
    try {
      await protocol.serve(exchange);
    } catch (error) {
      // A response that has begun cannot be replaced. Breaking the connection shows the client that it is incomplete.
      // A request whose client has gone, or breaks HTTP, is over.
      if (response.headersSent || request.errored) response.destroy();
      else sendReply(exchange, protocol.errorReply(asAwsError(error, onError), exchange));
    }
  };
}

const ignore = () => undefined;

/** Forms at `/` are STS's: AssumeRoleWithWebIdentity and AssumeRoleWithSAML are not signed. */
function serviceOfUnsigned({ request, path }: HttpExchange): string {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return isForm && path === '/' ? 'sts' : 's3';
}

function protocolOf({ request, response, path }: HttpExchange, signedFor: string): Protocol {
  const target = request.headers['x-amz-target'];
  const api = apiOfSigningName(signedFor);
  if (api === 's3') return s3Protocol;
  // S3 asks for the body itself, so that the body of a refused upload is never sent.
  sendContinue(request, response);
  if (typeof target === 'string') return jsonProtocol(target);
  if (api !== undefined && queryNamespace(api) !== undefined) return queryProtocol(api);
  if (api === 'lambda') return lambdaProtocol;
  if (api === 'sagemaker' && path.startsWith('/endpoints/')) return sagemakerRuntimeProtocol;
  return { ...lambdaProtocol, serve: () => Promise.reject(notSimulated(signedFor)) };
}

/** Any other error is a bug: it is reported, and its text stays out of the response. */
function asAwsError(error: unknown, onError: DispatchOptions['onError']): AwsError {
  if (error instanceof AwsError) return error;
  // Documents are read by recursion, whose depth only this limits.
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new AwsError('ValidationException', 'A document in the request is nested too deeply.');
  }
  onError?.(error);
  return new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500);
}

/** Adds a signal by which an operation that waits learns that the client has disconnected. */
function leavingCaller(caller: Caller, response: ServerResponse): HttpExchange['caller'] {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return { ...caller, signal: gone.signal };
}

function notSimulated(service: string): AwsError {
  return new AwsError(
    'NotImplemented',
    `The local runtime does not simulate the service ${service}, or not in the protocol of this request.`,
    501,
  );
}
