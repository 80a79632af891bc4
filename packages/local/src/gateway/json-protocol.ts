import { AwsError } from '../core/aws-error.ts';
import { isRecord } from '../core/is-record.ts';
import { queryErrorCode } from '../sqs/errors.ts';

/** A service with one of AWS's JSON protocols. */
export interface JsonService {
  readonly service: string;
  /** Converts the members that JSON has no type for: base64 to bytes, epoch seconds to Date. */
  readonly readInput?: (input: Record<string, unknown>) => unknown;
}

/** By prefix of the header `X-Amz-Target: <prefix>.<Operation>`. */
const SERVICES: Readonly<Record<string, JsonService>> = {
  AmazonSQS: { service: 'sqs', readInput: (input) => convert(input, 'BinaryValue', fromBase64) },
  AmazonSSM: { service: 'ssm' },
  AWSEvents: { service: 'events', readInput: (input) => convert(input, 'Time', fromEpochSeconds) },
  SageMaker: { service: 'sagemaker' },
  Logs_20140328: { service: 'logs' },
  TrentService: { service: 'kms' },
};

/** Reads `X-Amz-Target`. Throws AwsError UnknownOperationException. */
export function jsonTarget(target: string): JsonService & { readonly operation: string } {
  const [prefix = '', operation = ''] = target.split('.', 2);
  const found = Object.hasOwn(SERVICES, prefix) ? SERVICES[prefix] : undefined;
  if (!found) {
    throw new AwsError('UnknownOperationException', `The local runtime does not simulate ${target}.`, 501);
  }
  return { ...found, operation };
}

/** Throws AwsError SerializationException. */
export function readJson(body: Buffer, { readInput }: JsonService): unknown {
  let input: unknown;
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    throw new AwsError('SerializationException', error instanceof Error ? error.message : 'not JSON');
  }
  if (!isRecord(input)) {
    throw new AwsError('SerializationException', 'The input must be a JSON object.');
  }
  return readInput ? readInput(input) : input;
}

/** Writes times as epoch seconds, bytes as base64. */
export function writeJson(output: unknown): string {
  return JSON.stringify(toWire(output) ?? {});
}

/** Status, headers and body of an error. SQS repeats the code of its older protocol. */
export function jsonError(error: AwsError, service: string | undefined) {
  const isSqs = service === 'sqs';
  const headers: Record<string, string> = { 'x-amzn-errortype': error.code };
  if (isSqs) {
    headers['x-amzn-query-error'] = `${queryErrorCode(error.code)};${error.status < 500 ? 'Sender' : 'Receiver'}`;
  }
  const type = isSqs ? `com.amazonaws.sqs#${error.code}` : error.code;
  const body = JSON.stringify({ ...(toWire(error.members) as object), __type: type, message: error.message });
  return { status: error.status, headers, body };
}

function toWire(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toWire(item)]));
}

/** Converts the members called `name` at any depth. */
function convert(value: unknown, name: string, to: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, name, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === name ? to(item) : convert(item, name, to)]),
  );
}

function fromBase64(value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : value;
}

function fromEpochSeconds(value: unknown): unknown {
  return typeof value === 'number' ? new Date(value * 1000) : value;
}
