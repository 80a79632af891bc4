/**
 * Serves a model written in JavaScript, over HTTP and to a parent over Node's channel. Runs as a separate program, with
 * SM_MODEL_DIR, SAGEMAKER_SUBMIT_DIRECTORY (the folder of the code), SAGEMAKER_PROGRAM (a file in it) and PORT (0: any
 * free port) in its environment.
 *
 * The program may export (or export by default an object with) any of
 * - `model_fn(modelDir)`: loads the model. Default: the content of `model.json`.
 * - `input_fn(body, contentType)`: decodes a request; `body` is a string for text and JSON, else a Buffer.
 *   Default: JSON, CSV; plain text and untyped bytes as they are.
 * - `predict_fn(input, model)`: the prediction. Default: `model.predict(input)`.
 * - `output_fn(prediction, accept)`: a string or bytes, or `[body, contentType]`. Default: JSON, or CSV if accepted.
 * - `transform_fn(model, body, contentType, accept)`: instead of the three before, as `output_fn` returns.
 * Each may be async.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, validateHeaderValue } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inBatches } from './in-batches.ts';
import type { ChannelRequest, ChannelResponse } from './model-channel.ts';

/** The exports of a model's code. */
interface ModelFunctions {
  model_fn?: (modelDir: string) => unknown;
  input_fn?: (body: string | Buffer, contentType: string) => unknown;
  predict_fn?: (input: unknown, model: unknown) => unknown;
  output_fn?: (prediction: unknown, accept: string) => unknown;
  transform_fn?: (model: unknown, body: string | Buffer, contentType: string, accept: string) => unknown;
}

/** Maximum size of a request. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;
const MODEL_DIR = process.env.SM_MODEL_DIR ?? '/opt/ml/model';
const PROGRAM = process.env.SAGEMAKER_PROGRAM ?? 'inference.js';
const CODE_DIR = process.env.SAGEMAKER_SUBMIT_DIRECTORY ?? join(MODEL_DIR, 'code');

class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

let ready = false;
let functions: ModelFunctions = {};
let model: unknown;

const server = createServer((req, res) => {
  void answer(() => readAndInvoke(req)).then(({ status, headers, body }) => {
    res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    res.end(body);
  });
});
// The model's code may take it for its own.
const send = process.send?.bind(process);
const sendLater = inBatches<ChannelResponse>((responses) => send?.(responses, undefined, {}, () => undefined));
process.on('message', (requests: readonly ChannelRequest[]) => {
  for (const { id, headers, body } of requests) {
    void answer(() => invokeModel(headers, Buffer.from(body.buffer, body.byteOffset, body.byteLength))).then(
      (response) => sendLater({ id, ...response }),
    );
  }
});
// The runtime closes idle connections. If this side did, a request could be on its way.
server.keepAliveTimeout = 0;
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`@freshpoint-model-host port=${(server.address() as AddressInfo).port}`);
  load().catch((error: unknown) => {
    // Of the log, the end is shown: Node's own frames would take the place of what is wrong.
    if (error instanceof Error) error.stack = error.stack?.replace(/\n {4}at .*\bnode:.*/g, '');
    // Node shows the place of a syntax error only if nobody catches it.
    if (error instanceof SyntaxError) setImmediate(() => Promise.reject(error));
    else {
      console.error(error);
      process.exit(1);
    }
  });
});
process.once('SIGTERM', () => process.exit(0));

async function load(): Promise<void> {
  const module = await import(pathToFileURL(join(CODE_DIR, PROGRAM)).href);
  functions = { ...module.default, ...module };
  model = await (functions.model_fn ?? defaultModel)(MODEL_DIR);
  const { input_fn, predict_fn, output_fn, transform_fn } = functions;
  if (transform_fn && (input_fn || predict_fn || output_fn)) {
    throw new Error(`${PROGRAM} exports transform_fn, which takes the place of input_fn, predict_fn and output_fn.`);
  }
  const predict = (model as { predict?: unknown } | undefined)?.predict;
  if (!predict_fn && !transform_fn && typeof predict !== 'function') {
    throw new Error(`${PROGRAM} exports no predict_fn, and the model has no method predict.`);
  }
  ready = true;
}

type Answer = Omit<ChannelResponse, 'id'>;

/** Never rejects. */
async function answer(respond: () => Promise<Answer>): Promise<Answer> {
  try {
    return await respond();
  } catch (error) {
    const status = error instanceof BadRequest ? error.status : 500;
    if (status === 500) console.error(error);
    return reply(status, error instanceof Error ? error.message : String(error), 'text/plain');
  }
}

async function readAndInvoke(req: IncomingMessage): Promise<Answer> {
  if (req.method === 'GET' && req.url === '/ping') return reply(ready ? 200 : 503, '', 'text/plain');
  if (req.method !== 'POST' || req.url !== '/invocations') {
    throw new BadRequest(404, `There is no ${req.method} ${req.url}.`);
  }
  return await invokeModel(req.headers, await read(req));
}

async function invokeModel(headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
  if (!ready) throw new BadRequest(503, 'The model is not loaded yet.');
  const contentType = headers['content-type'] ?? 'application/json';
  const accept = headers.accept ?? '*/*';
  const text = /^(text\/|application\/(json|jsonlines|x-ndjson)\b)/.test(contentType);
  const output = await transform(text ? body.toString() : body, contentType, accept);
  const [content, type] = Array.isArray(output) ? output : [output, accept.includes('*') ? 'application/json' : accept];
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
    throw new Error(`output_fn must return a string or bytes, or [body, contentType]; it returned: ${typeof content}`);
  }
  validateHeaderValue('content-type', String(type));
  return reply(200, content, String(type));
}

async function transform(body: string | Buffer, contentType: string, accept: string): Promise<unknown> {
  if (functions.transform_fn) return await functions.transform_fn(model, body, contentType, accept);
  const input = await (functions.input_fn ?? decode)(body, contentType);
  const prediction = await (functions.predict_fn ?? predictByMethod)(input, model);
  return await (functions.output_fn ?? encode)(prediction, accept);
}

/** By events: an iterator of the stream costs more than the rest of a small request. */
function read(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) reject(new BadRequest(413, 'The request is larger than 25 MB.'));
      else chunks.push(chunk);
    });
    req.once('error', reject);
    req.once('end', () => resolve(Buffer.concat(chunks)));
  });
}

const reply = (status: number, body: string | Uint8Array, type: string): Answer => ({
  status,
  headers: { 'content-type': type },
  body,
});

function defaultModel(folder: string): unknown {
  const file = join(folder, 'model.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

const predictByMethod = (input: unknown, loaded: unknown): unknown =>
  (loaded as { predict(input: unknown): unknown }).predict(input);

/** A media type without its parameters. */
const bareType = (type: string): string => type.replace(/;.*$/s, '').trim();

function decode(body: string | Buffer, contentType: string): unknown {
  const type = bareType(contentType);
  if (type === 'text/plain' || type === 'application/octet-stream') return body;
  if (type === 'text/csv') {
    const rows = String(body).split(/\r?\n/);
    return rows.filter((row) => row.trim() !== '').map((row) => row.split(',').map(cell));
  }
  if (type !== 'application/json') {
    throw new BadRequest(415, `${type} needs an input_fn. Without one, send application/json or text/csv.`);
  }
  try {
    return JSON.parse(String(body));
  } catch (error) {
    throw new BadRequest(400, `The request is not valid JSON: ${(error as Error).message}`);
  }
}

function cell(text: string): number | string {
  const trimmed = text.trim();
  return trimmed === '' || Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
}

function encode(prediction: unknown, accept: string): [string, string] {
  const types = accept.split(',').map(bareType);
  if (types.includes('text/csv') && !types.includes('application/json')) {
    const rows = Array.isArray(prediction) ? prediction : [prediction];
    return [rows.map((row) => (Array.isArray(row) ? row.join(',') : String(row))).join('\n'), 'text/csv'];
  }
  if (types.some((type) => ['application/json', 'application/*', '*/*', ''].includes(type))) {
    return [JSON.stringify(prediction) ?? 'null', 'application/json'];
  }
  throw new BadRequest(406, `${accept} needs an output_fn. Without one, accept application/json or text/csv.`);
}
