import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError } from '#simulator/core/aws-error';
import { isRecord } from '#simulator/core/is-record';
import { base64Bytes, timeOf } from './scalar-text.ts';

/**
 * Reads a document of a structure, as AWS does: unknown members and nulls are dropped, and a value of another type is
 * an error. Throws AwsError SerializationException.
 */
export function readJsonDocument(schema: NormalizedSchema, body: Buffer): Record<string, unknown> {
  let document: unknown;
  try {
    document = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    throw new AwsError('SerializationException', error instanceof Error ? error.message : 'not JSON');
  }
  if (!isRecord(document)) throw new AwsError('SerializationException', 'The input must be a JSON object.');
  return readStructure(schema, document);
}

function readStructure(schema: NormalizedSchema, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const found = Object.hasOwn(given, name) ? given[name] : undefined;
    if (found !== undefined && found !== null) value[name] = readJson(member, found);
  }
  return value;
}

/** The value of a member. */
export function readJson(schema: NormalizedSchema, given: unknown): unknown {
  if (schema.isDocumentSchema()) return given;
  if (schema.isStructSchema()) return isRecord(given) ? readStructure(schema, given) : mismatch(given, 'structure');
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return Array.isArray(given) ? given.map((entry) => readJson(item, entry)) : mismatch(given, 'list');
  }
  if (schema.isMapSchema()) {
    if (!isRecord(given)) return mismatch(given, 'map');
    const item = schema.getValueSchema();
    const present = Object.entries(given).filter(([, entry]) => entry !== null);
    return Object.fromEntries(present.map(([key, entry]) => [key, readJson(item, entry)]));
  }
  return readScalar(schema, given);
}

function readScalar(schema: NormalizedSchema, given: unknown): unknown {
  if (schema.isBooleanSchema()) return typeof given === 'boolean' ? given : mismatch(given, 'Boolean');
  if (schema.isNumericSchema()) return typeof given === 'number' ? given : mismatch(given, 'Number');
  if (schema.isTimestampSchema()) {
    const time = typeof given === 'number' ? timeOf(given * 1000) : typeof given === 'string' ? timeOf(given) : given;
    return time instanceof Date ? time : mismatch(given, 'Timestamp');
  }
  if (typeof given !== 'string') return mismatch(given, 'String');
  return schema.isBlobSchema() ? (base64Bytes(given) ?? mismatch(given, 'Blob')) : given;
}

function mismatch(given: unknown, wanted: string): never {
  const kinds = { boolean: String(given), object: 'structure' } as Readonly<Record<string, string>>;
  const kind = Array.isArray(given) ? 'list' : given === null ? 'null' : (kinds[typeof given] ?? typeof given);
  throw new AwsError('SerializationException', `${kind.toUpperCase()}_VALUE can not be converted to a ${wanted}`);
}

/** A value as JSON.stringify takes it: times as epoch seconds, bytes in base64, only members that the model has. */
export function toJson(schema: NormalizedSchema, value: unknown): unknown {
  if (value === undefined || value === null || schema.isDocumentSchema()) return value ?? undefined;
  if (value instanceof Date) return schema.getSchema() === 5 ? value.toISOString() : value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return (value as unknown[]).map((entry) => toJson(item, entry));
  }
  if (schema.isMapSchema()) {
    const item = schema.getValueSchema();
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(item, entry)]));
  }
  if (!schema.isStructSchema()) return schema.isUnitSchema() ? undefined : value;
  const document: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    document[name] = toJson(member, (value as Record<string, unknown>)[name]);
  }
  return document;
}
