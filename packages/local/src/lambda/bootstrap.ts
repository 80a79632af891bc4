/*
 * The runtime inside a function's process: loads the handler and serves events, as Lambda's own runtime for Node.js
 * does. It imports only Node's own modules and one beside it.
 */
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { provideAwsSdk, sendResponsesByHttp } from './function-modules.ts';
import type { Report, SentEvent } from './process-runner.ts';

type Handler = (event: unknown, context: object, callback?: (error: unknown, result?: unknown) => void) => unknown;

const env = process.env;
const TASK_ROOT = env.LAMBDA_TASK_ROOT ?? process.cwd();
const CALLBACKS_ALLOWED = env.AWS_EXECUTION_ENV === 'AWS_Lambda_nodejs22.x';
/** Maximum size of a function's answer. */
const MAX_ANSWER_BYTES = 6_291_556;

const send = process.send?.bind(process);
const writeOut = process.stdout.write.bind(process.stdout);
const writeError = process.stderr.write.bind(process.stderr);
let currentRequestId: string | undefined;

class RuntimeFailure extends Error {
  constructor(type: string, message: string, stack?: string) {
    super(message);
    this.name = type;
    if (stack !== undefined) this.stack = stack;
  }
}

/** Settles when the report is written. Those of an invocation also mark the end of its output in both streams. */
function report(content: Report): Promise<void> {
  const { requestId } = content;
  // The pipes are written synchronously.
  if (requestId !== undefined) for (const write of [writeOut, writeError]) write(`\0${requestId}\n`);
  return new Promise((done) => send?.(content, undefined, undefined, () => done()));
}

function describe(error: unknown) {
  if (error instanceof Error || (error !== null && typeof error === 'object' && 'stack' in error)) {
    const { name, message, stack } = error as Error;
    return { errorType: name, errorMessage: message, trace: String(stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function log(level: string, message: string, error?: object): void {
  const timestamp = new Date().toISOString();
  if (env.AWS_LAMBDA_LOG_FORMAT === 'JSON') {
    writeOut(`${JSON.stringify({ timestamp, level, requestId: currentRequestId, message, ...error })}\n`);
  } else {
    const text = error ? `${message}\t${JSON.stringify(error)}` : message;
    // The reader takes one line as one record: line ends inside it become carriage returns.
    writeOut(`${timestamp}\t${currentRequestId ?? 'undefined'}\t${level}\t${text}`.replaceAll('\n', '\r').concat('\n'));
  }
}

function patchConsole(): void {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
  for (const [method, level] of Object.entries(levels)) {
    (console as unknown as Record<string, unknown>)[method] = (...values: unknown[]) => log(level, format(...values));
  }
}

function modulePath(path: string, name: string): string {
  const base = resolve(TASK_ROOT, path);
  const found = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find(isFile);
  return found ?? createRequire(join(TASK_ROOT, 'noop.js')).resolve(name, { paths: [TASK_ROOT] });
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

async function loadHandler(): Promise<Handler> {
  const handlerString = env._HANDLER ?? '';
  const [, folder = '', moduleName = '', path = ''] = /^(.*\/)?([^./]*)\.([^/]*)$/.exec(handlerString) ?? [];
  if (path === '' || handlerString.includes('..')) {
    throw new RuntimeFailure('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const loaded = await importModule(folder + moduleName, moduleName);
  // The exports of a CommonJS module are under `default`, and some of them beside it.
  const handler = find(loaded, path) ?? find(loaded.default, path);
  if (typeof handler !== 'function') {
    const problem = handler === undefined ? 'undefined or not exported' : 'not a function';
    throw new RuntimeFailure('Runtime.HandlerNotFound', `${handlerString} is ${problem}`);
  }
  if (!CALLBACKS_ALLOWED && handler.length >= 3) {
    throw new RuntimeFailure(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
        'You need to modify this function to use a supported handler signature to use Node.js 24 or later. ' +
        'For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
  return handler as Handler;
}

async function importModule(path: string, name: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(modulePath(path, name)).href);
  } catch (error) {
    const { code = '', stack } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError) throw new RuntimeFailure('Runtime.UserCodeSyntaxError', String(error), stack);
    const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    throw isMissing ? new RuntimeFailure('Runtime.ImportModuleError', String(error), stack) : error;
  }
}

function find(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return found;
}

function contextOf({ requestId, deadlineMs, functionArn }: SentEvent): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    clientContext: undefined,
    identity: undefined,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function run(handler: Handler, sent: SentEvent): Promise<unknown> {
  return new Promise((done, fail) => {
    // If the event loop empties before the handler has finished, Lambda answers null.
    process.once('beforeExit', () => done(null));
    const callback = (error: unknown, result?: unknown) => (error ? fail(error) : done(result));
    const [event, context] = [JSON.parse(sent.event), contextOf(sent)];
    const returned = CALLBACKS_ALLOWED ? handler(event, context, callback) : handler(event, context);
    const waitsForCallback = CALLBACKS_ALLOWED && handler.length >= 3 && !(returned instanceof Promise);
    if (!waitsForCallback) Promise.resolve(returned).then(done, fail);
  });
}

/** What the handler makes of an event. */
async function handle(handler: Handler, sent: SentEvent): Promise<Pick<Report, 'answer' | 'failure'>> {
  try {
    const answer = JSON.stringify((await run(handler, sent)) ?? null) ?? 'null';
    if (Buffer.byteLength(answer) <= MAX_ANSWER_BYTES) return { answer };
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_ANSWER_BYTES} bytes).`;
    return { failure: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
  } catch (error) {
    log('ERROR', 'Invoke Error ', describe(error));
    return { failure: describe(error) };
  } finally {
    process.removeAllListeners('beforeExit');
  }
}

async function serve(handler: Handler): Promise<never> {
  await report({});
  for (;;) {
    const [sent] = (await once(process, 'message')) as [SentEvent];
    currentRequestId = sent.requestId;
    env._X_AMZN_TRACE_ID = sent.traceId;
    await report({ requestId: sent.requestId, ...(await handle(handler, sent)) });
  }
}

async function die(label: string, error: unknown, status: number): Promise<never> {
  log('ERROR', label, describe(error));
  await report({ requestId: currentRequestId, failure: describe(error), ends: true });
  process.exit(status);
}

process.on('uncaughtException', (error) => void die('Uncaught Exception ', error, 129));
process.on('unhandledRejection', (reason) => {
  const failure = new RuntimeFailure('Runtime.UnhandledPromiseRejection', String(reason), (reason as Error)?.stack);
  void die('Unhandled Promise Rejection ', failure, 128);
});

patchConsole();
sendResponsesByHttp(env.AWS_ENDPOINT_URL);
provideAwsSdk();
try {
  await serve(await loadHandler());
} catch (error) {
  await die('Uncaught Exception ', error, 1);
}
