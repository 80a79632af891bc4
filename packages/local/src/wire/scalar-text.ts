import type { NormalizedSchema } from '@smithy/core/schema';

/** The models have whole numbers only where text carries them. */
const NUMBER = /^-?\d{1,15}$/;
/** Without groups, which would exhaust the stack on megabytes. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The value of a scalar in a header, a query, a form or XML. Undefined: the text is not of the type. */
export function fromText(schema: NormalizedSchema, text: string): unknown {
  if (schema.isNumericSchema()) return NUMBER.test(text.trim()) ? Number(text) : undefined;
  if (schema.isBooleanSchema()) {
    const word = text.trim().toLowerCase();
    return word === 'true' ? true : word === 'false' ? false : undefined;
  }
  if (schema.isTimestampSchema()) return timeOf(/^\d{1,12}(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : text.trim());
  if (schema.isBlobSchema()) return base64Bytes(text);
  return text;
}

/** A scalar as text. Times are written as the schema says, or in `format`. */
export function toText(schema: NormalizedSchema, value: unknown, format: 'date-time' | 'http-date'): string {
  if (value instanceof Date) {
    const kind = schema.getSchema();
    if (kind === 7) return String(value.getTime() / 1000);
    return kind === 6 || (kind === 4 && format === 'http-date') ? value.toUTCString() : value.toISOString();
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value);
}

/** A valid time, or undefined. */
export function timeOf(value: string | number): Date | undefined {
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The bytes of canonical base64, or undefined. */
export function base64Bytes(base64: string): Buffer | undefined {
  return base64.length % 4 === 0 && BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}
