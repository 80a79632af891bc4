import { createHash } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { invalidParameterValue } from './errors.ts';

export const INVALID_CHARACTERS =
  'Invalid characters found. Valid unicode characters are ' +
  '#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF';

export const hasInvalidCharacters = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that SQS rejects
  !text.isWellFormed() || /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

/** Throws InvalidParameterValueException for more than 10 attributes, bad names or types, and empty values. */
export function checkMessageAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > 10) {
    throw invalidParameterValue(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  }
  for (const [name, { DataType, StringValue, BinaryValue }] of entries) {
    if (!/^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\p{L}\p{N}_.-]{1,256}(?<!\.)$/iu.test(name)) {
      throw invalidParameterValue(
        `The message attribute name '${name}' is invalid. ` +
          'Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.',
      );
    }
    if (DataType === undefined || !/^(String|Number|Binary)(\..+)?$/.test(DataType) || DataType.length > 256) {
      throw invalidParameterValue(
        `The message attribute '${name}' has an invalid message attribute type, ` +
          'the set of supported type prefixes is Binary, Number, and String.',
      );
    }
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue;
    if (value === undefined || value.length === 0) {
      throw invalidParameterValue(
        `Message (user) attribute '${name}' must contain a non-empty value of type '${DataType}'.`,
      );
    }
    if (hasInvalidCharacters(StringValue ?? '')) throw invalidParameterValue(INVALID_CHARACTERS);
    if (DataType.startsWith('Number') && Number.isNaN(Number(StringValue))) {
      throw invalidParameterValue(`Can't cast the value of message attribute '${name}' to a number.`);
    }
  }
}

/** Bytes that names, types and values add to the message's size. */
export function attributesSize(attributes: MessageAttributes): number {
  let size = 0;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType ?? '');
    size += BinaryValue?.length ?? Buffer.byteLength(StringValue ?? '');
  }
  return size;
}

/** MD5 that clients check: attributes sorted by name, each part after its length in four bytes. */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue = '', BinaryValue = Buffer.alloc(0) } = attributes[name] ?? { DataType: '' };
    const isBinary = DataType.startsWith('Binary');
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    hash.update(Buffer.of(isBinary ? 2 : 1));
    add(isBinary ? BinaryValue : Buffer.from(StringValue));
  }
  return hash.digest('hex');
}

/** The attributes that a receiver requested: `All`, `*` or `.*`, a prefix `name.*`, or names. */
export function selectAttributes(attributes: MessageAttributes, requested: readonly string[]): MessageAttributes {
  const isRequested = (name: string) =>
    requested.some((pattern) => {
      if (['All', '*', name].includes(pattern)) return true;
      return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2));
    });
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isRequested(name)));
}
