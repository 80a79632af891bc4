/*
 * The runtime inside a function's process: loads the handler and serves events from the Runtime API, as Lambda's own
 * runtime for Node.js does. It imports only Node's own modules, so that it can run as a bare file.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { createRequire, registerHooks } from 'node:module';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format } from 'node:util';

type Handler = (event: unknown, context: object, callback?: (error: unknown, result?: unknown) => void) => unknown;

const env = process.env;
const TASK_ROOT = env.LAMBDA_TASK_ROOT ?? process.cwd();
const [host, port] = (env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const writeOut = process.stdout.write.bind(process.stdout);
const writeError = process.stderr.write.bind(process.stderr);
const CALLBACKS_ALLOWED = env.AWS_EXECUTION_ENV === 'AWS_Lambda_nodejs22.x';

let currentRequestId: string | undefined;

class RuntimeFailure extends Error {
  constructor(type: string, message: string, stack?: string) {
    super(message);
    this.name = type;
    if (stack !== undefined) this.stack = stack;
  }
}

function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  return new Promise<{ headers: IncomingHttpHeaders; body: string }>((done, fail) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const sent = request(
      { host, port, method, path: `/2018-06-01/runtime${path}`, agent, headers: { ...headers, ...length } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => done({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
        response.on('error', fail);
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

function describe(error: unknown) {
  if (error instanceof Error || (error !== null && typeof error === 'object' && 'stack' in error)) {
    const { name, message, stack } = error as Error;
    return { errorType: name, errorMessage: message, trace: String(stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function reportError(path: string, error: unknown): Promise<void> {
  const failure = describe(error);
  const body = JSON.stringify(failure);
  await call('POST', path, body, {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': failure.errorType.replace(/[^\x20-\x7e]/g, '?'),
  });
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

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function packageType(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: string }).type ?? 'commonjs';
  } catch {
    return undefined;
  }
}

/** The `type` of the nearest package.json in a folder or above it, up to `top`. */
function nearestPackageType(folder: string, top?: string): string | undefined {
  const own = packageType(folder);
  if (own !== undefined || folder === top || dirname(folder) === folder) return own;
  return nearestPackageType(dirname(folder), top);
}

/**
 * On Lambda nothing is above the code's folder. Here a package.json above it could say `"type": "module"`, and code
 * without its own package.json would be misread.
 */
function hidePackagesAbove(): void {
  if (nearestPackageType(dirname(TASK_ROOT)) !== 'module') return;
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.startsWith('file:') || !url.endsWith('.js')) return nextLoad(url, context);
      const path = fileURLToPath(url);
      const fromRoot = relative(TASK_ROOT, path);
      const ours = !fromRoot.startsWith('..') && !isAbsolute(fromRoot);
      const undecided = ours && nearestPackageType(dirname(path), TASK_ROOT) === undefined;
      return nextLoad(url, undecided ? { ...context, format: 'commonjs' } : context);
    },
  });
}

async function loadModule(modulePath: string, name: string): Promise<Record<string, unknown>> {
  const base = resolve(TASK_ROOT, modulePath);
  const require = createRequire(join(TASK_ROOT, 'noop.js'));
  if (isFile(base)) return require(base);
  if (isFile(`${base}.js`)) {
    const esm = nearestPackageType(dirname(base), TASK_ROOT) === 'module';
    return esm ? await import(pathToFileURL(`${base}.js`).href) : require(`${base}.js`);
  }
  if (isFile(`${base}.mjs`)) return await import(pathToFileURL(`${base}.mjs`).href);
  if (isFile(`${base}.cjs`)) return require(`${base}.cjs`);
  return require(require.resolve(name, { paths: [TASK_ROOT, dirname(base)] }));
}

async function loadHandler(): Promise<Handler> {
  const handlerString = env._HANDLER ?? '';
  const slash = handlerString.lastIndexOf('/');
  const folder = handlerString.slice(0, slash + 1);
  const match = /^([^.]*)\.(.*)$/.exec(handlerString.slice(slash + 1));
  if (!match || handlerString.includes('..')) {
    throw new RuntimeFailure('Runtime.MalformedHandlerName', 'Bad handler');
  }
  const [, moduleName = '', path = ''] = match;
  let loaded: unknown;
  try {
    loaded = await loadModule(folder + moduleName, moduleName);
  } catch (error) {
    throw asLoadFailure(error);
  }
  let handler = find(loaded, path);
  // A CommonJS module that was imported has its exports under `default`.
  handler ??= find((loaded as { default?: unknown } | null)?.default, path);
  if (handler === undefined) {
    throw new RuntimeFailure('Runtime.HandlerNotFound', `${handlerString} is undefined or not exported`);
  }
  if (typeof handler !== 'function') {
    throw new RuntimeFailure('Runtime.HandlerNotFound', `${handlerString} is not a function`);
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

function find(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return found;
}

function asLoadFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof SyntaxError) {
    return new RuntimeFailure('Runtime.UserCodeSyntaxError', String(error), error.stack);
  }
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    return new RuntimeFailure('Runtime.ImportModuleError', String(error), error.stack);
  }
  return error;
}

function contextOf(headers: IncomingHttpHeaders, requestId: string): object {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    clientContext: clientContext === undefined ? undefined : JSON.parse(String(clientContext)),
    identity: undefined,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function run(handler: Handler, event: unknown, context: object): Promise<unknown> {
  return new Promise((done, fail) => {
    // If the event loop empties before the handler has finished, Lambda answers null.
    process.once('beforeExit', () => done(null));
    const callback = (error: unknown, result?: unknown) => (error ? fail(error) : done(result));
    const returned = CALLBACKS_ALLOWED ? handler(event, context, callback) : handler(event, context);
    const waitsForCallback = CALLBACKS_ALLOWED && handler.length >= 3 && !(returned instanceof Promise);
    if (!waitsForCallback) Promise.resolve(returned).then(done, fail);
  });
}

/** Marks that the output up to here belongs to this invocation. The pipes are written synchronously. */
function markEndOfOutput(requestId: string): void {
  writeOut(`\0${requestId}\n`);
  writeError(`\0${requestId}\n`);
}

async function serve(handler: Handler): Promise<never> {
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next');
    const requestId = String(headers['lambda-runtime-aws-request-id']);
    currentRequestId = requestId;
    env._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id'] ?? '');
    const path = `/invocation/${requestId}`;
    let answer: string;
    try {
      const result = await (async () => await run(handler, JSON.parse(body), contextOf(headers, requestId)))();
      answer = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch (error) {
      log('ERROR', 'Invoke Error ', describe(error));
      markEndOfOutput(requestId);
      await reportError(`${path}/error`, error);
      continue;
    } finally {
      process.removeAllListeners('beforeExit');
    }
    markEndOfOutput(requestId);
    await call('POST', `${path}/response`, answer, { 'Content-Type': 'application/json' });
  }
}

async function die(label: string, error: unknown, status: number): Promise<never> {
  log('ERROR', label, describe(error));
  const requestId = currentRequestId;
  if (requestId !== undefined) markEndOfOutput(requestId);
  await reportError(requestId === undefined ? '/init/error' : `/invocation/${requestId}/error`, error).catch(
    () => undefined,
  );
  process.exit(status);
}

process.on('uncaughtException', (error) => void die('Uncaught Exception ', error, 129));
process.on('unhandledRejection', (reason) => {
  const failure = new RuntimeFailure('Runtime.UnhandledPromiseRejection', String(reason), (reason as Error)?.stack);
  void die('Unhandled Promise Rejection ', failure, 128);
});

patchConsole();
hidePackagesAbove();
try {
  await serve(await loadHandler());
} catch (error) {
  await die('Uncaught Exception ', error, 1);
}
