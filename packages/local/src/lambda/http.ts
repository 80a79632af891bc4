import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Cloud } from '../core/cloud.ts';
import { isRecord } from '../core/is-record.ts';
import { readBody } from '../gateway/read-body.ts';
import type { InvokeOutput } from './invoke-operation.ts';

interface Route {
  readonly method: string;
  /** Matches the whole path; groups are the operation's URI members. */
  readonly path: RegExp;
  readonly operation: string;
  /** HTTP status of success. */
  readonly status: number;
}

/** Above the largest request, a zip file of 50 MB in base64. */
const MAX_BODY_BYTES = 72 * 2 ** 20;

const FUNCTION_PATH = '/functions/(?<FunctionName>[^/]+)';
const route = (method: string, path: string, operation: string, status = 200): Route => ({
  method,
  path: new RegExp(`^/\\d{4}-\\d{2}-\\d{2}${path}/?$`),
  operation,
  status,
});

const ROUTES: readonly Route[] = [
  route('POST', '/functions', 'CreateFunction', 201),
  route('GET', '/functions', 'ListFunctions'),
  route('GET', FUNCTION_PATH, 'GetFunction'),
  route('DELETE', FUNCTION_PATH, 'DeleteFunction', 204),
  route('PUT', `${FUNCTION_PATH}/code`, 'UpdateFunctionCode'),
  route('GET', `${FUNCTION_PATH}/configuration`, 'GetFunctionConfiguration'),
  route('PUT', `${FUNCTION_PATH}/configuration`, 'UpdateFunctionConfiguration'),
  route('POST', `${FUNCTION_PATH}/invocations`, 'Invoke'),
  route('POST', `${FUNCTION_PATH}/policy`, 'AddPermission', 201),
  route('GET', `${FUNCTION_PATH}/policy`, 'GetPolicy'),
  route('DELETE', `${FUNCTION_PATH}/policy/(?<StatementId>[^/]+)`, 'RemovePermission', 204),
  route('PUT', `${FUNCTION_PATH}/event-invoke-config`, 'PutFunctionEventInvokeConfig'),
  route('POST', `${FUNCTION_PATH}/event-invoke-config`, 'UpdateFunctionEventInvokeConfig'),
  route('GET', `${FUNCTION_PATH}/event-invoke-config`, 'GetFunctionEventInvokeConfig'),
  route('DELETE', `${FUNCTION_PATH}/event-invoke-config`, 'DeleteFunctionEventInvokeConfig', 204),
  route('PUT', `${FUNCTION_PATH}/concurrency`, 'PutFunctionConcurrency'),
  route('GET', `${FUNCTION_PATH}/concurrency`, 'GetFunctionConcurrency'),
  route('DELETE', `${FUNCTION_PATH}/concurrency`, 'DeleteFunctionConcurrency', 204),
  route('POST', '/event-source-mappings', 'CreateEventSourceMapping', 202),
  route('GET', '/event-source-mappings', 'ListEventSourceMappings'),
  route('GET', '/event-source-mappings/(?<UUID>[^/]+)', 'GetEventSourceMapping'),
  route('PUT', '/event-source-mappings/(?<UUID>[^/]+)', 'UpdateEventSourceMapping', 202),
  route('DELETE', '/event-source-mappings/(?<UUID>[^/]+)', 'DeleteEventSourceMapping', 202),
  route('POST', '/tags/(?<Resource>[^/]+)', 'TagResource', 204),
  route('DELETE', '/tags/(?<Resource>[^/]+)', 'UntagResource', 204),
  route('GET', '/tags/(?<Resource>[^/]+)', 'ListTags'),
];

/** Serves the operations in Lambda's REST-JSON protocol. Never rejects: every error becomes a response. */
export async function handleLambdaRequest(
  cloud: Cloud,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = findRoute(request.method ?? 'GET', url.pathname);
    const body = await readBody(request, MAX_BODY_BYTES, requestTooLarge);
    if (found.route.operation === 'Invoke') {
      const input = invokeInput(request, { ...found.members, ...query(url) }, body);
      answerInvoke(response, (await cloud.call('lambda', 'Invoke', input, caller)) as InvokeOutput);
      return;
    }
    const input = { ...jsonBody(body), ...query(url), ...found.members };
    const output = await cloud.call('lambda', found.route.operation, withBytes(input), caller);
    const text = found.route.status === 204 ? '' : JSON.stringify(output, epochSeconds);
    response.writeHead(found.route.status, { 'Content-Type': 'application/json' });
    response.end(text);
  } catch (error) {
    answerError(response, error);
  }
}

function invokeInput(request: IncomingMessage, members: Record<string, unknown>, body: Buffer): object {
  return {
    ...members,
    InvocationType: header(request, 'x-amz-invocation-type'),
    LogType: header(request, 'x-amz-log-type'),
    ClientContext: header(request, 'x-amz-client-context'),
    Payload: body,
  };
}

function answerInvoke(response: ServerResponse, output: InvokeOutput): void {
  response.writeHead(output.StatusCode, {
    'Content-Type': 'application/json',
    ...(output.FunctionError !== undefined && { 'X-Amz-Function-Error': output.FunctionError }),
    ...(output.LogResult !== undefined && { 'X-Amz-Log-Result': output.LogResult }),
    ...(output.ExecutedVersion !== undefined && { 'X-Amz-Executed-Version': output.ExecutedVersion }),
  });
  response.end(output.Payload);
}

function findRoute(method: string, path: string): { route: Route; members: Record<string, string> } {
  for (const candidate of ROUTES) {
    const match = candidate.method === method ? candidate.path.exec(path) : null;
    if (!match) continue;
    const members: Record<string, string> = {};
    for (const [name, value] of Object.entries(match.groups ?? {})) members[name] = decode(value);
    return { route: candidate, members };
  }
  throw new AwsError('UnknownOperationException', `The local runtime does not simulate lambda: ${method} ${path}`, 404);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    throw new AwsError('ValidationException', `Malformed path: ${value}`, 400, { cause: error });
  }
}

function query(url: URL): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [name, value] of url.searchParams) {
    if (name === 'MaxItems') members[name] = Number(value);
    else if (name === 'tagKeys') members.TagKeys = url.searchParams.getAll(name);
    else members[name] = value;
  }
  return members;
}

const requestTooLarge = () =>
  new AwsError('RequestEntityTooLargeException', `Request must be smaller than ${MAX_BODY_BYTES} bytes`, 413);

function jsonBody(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString());
    if (isRecord(value)) return value;
  } catch (error) {
    throw new AwsError('SerializationException', 'Could not parse request body into json', 400, { cause: error });
  }
  throw new AwsError('SerializationException', 'Expected a JSON object', 400);
}

/** Decodes the one binary member. Drops LocalPath: a path of this machine is not accepted from the network. */
function withBytes(input: Record<string, unknown>): Record<string, unknown> {
  const { LocalPath: _, ...rest } = input;
  if (typeof rest.ZipFile === 'string') return { ...rest, ZipFile: Buffer.from(rest.ZipFile, 'base64') };
  return isRecord(rest.Code) ? { ...rest, Code: withBytes(rest.Code) } : rest;
}

/** A replacer. It reads a Date from its holder, because JSON.stringify calls toJSON before the replacer. */
function epochSeconds(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Date ? original.getTime() / 1_000 : value;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function answerError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof AwsError
      ? error
      : new AwsError('ServiceException', `An error of the local runtime itself: ${String(error)}`, 500);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(known.status, { 'Content-Type': 'application/json', 'X-Amzn-ErrorType': known.code });
  response.end(JSON.stringify({ ...known.members, Message: known.message, message: known.message }));
}
