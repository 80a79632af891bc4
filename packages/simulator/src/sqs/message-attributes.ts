import { createHash } from 'node:crypto';
import { invalidParameterValue } from './errors.ts';

/** AWS's shape; `BinaryValue` as bytes. */
export interface MessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** Throws InvalidParameterValueException for more than 10 attributes, bad names or types, and empty values. */
export function checkMessageAttributes(attributes: MessageAttributes | undefined): MessageAttributes {
  const entries = Object.entries(attributes ?? {});
  if (entries.length > 10) {
    throw invalidParameterValue(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  }
  for (const [name, { DataType, StringValue, BinaryValue }] of entries) {
    if (!/^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i.test(name)) {
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
    const isBinary = DataType.startsWith('Binary');
    const value = isBinary ? BinaryValue : StringValue;
    if (value === undefined || value.length === 0) {
      throw invalidParameterValue(
        `Message attribute '${name}' must contain a non-empty message attribute value ` +
          `for message attribute type '${DataType}'.`,
      );
    }
    if (DataType.startsWith('Number') && Number.isNaN(Number(StringValue))) {
      throw invalidParameterValue(`Can't cast the value of message attribute '${name}' to a number.`);
    }
  }
  return attributes ?? {};
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
    const { DataType = '', StringValue, BinaryValue }: Partial<MessageAttribute> = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    hash.update(Buffer.of(DataType.startsWith('Binary') ? 2 : 1));
    add(DataType.startsWith('Binary') ? (BinaryValue ?? Buffer.alloc(0)) : Buffer.from(StringValue ?? ''));
  }
  return hash.digest('hex');
}

/** The attributes that a receiver requested: `All` or `.*`, a prefix `name.*`, or names. */
export function selectAttributes(
  attributes: MessageAttributes,
  requested: readonly string[] | undefined,
): MessageAttributes {
  if (!requested || requested.length === 0) return {};
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) =>
      requested.some(
        (pattern) =>
          pattern === 'All' ||
          pattern === '.*' ||
          pattern === name ||
          (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -2))),
      ),
    ),
  );
}
