import { crc32 } from 'node:zlib';

/** Encodes a message of `application/vnd.amazon.eventstream` with headers of type string. */
export function eventMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const text = Buffer.from(value);
    // Name length, name, type 7 (string), value length, value.
    const head = Buffer.alloc(1 + name.length + 3);
    head.writeUInt8(name.length, 0);
    head.write(name, 1, 'latin1');
    head.writeUInt8(7, 1 + name.length);
    head.writeUInt16BE(text.length, 2 + name.length);
    parts.push(head, text);
  }
  const headerBytes = Buffer.concat(parts);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + headerBytes.length + payload.byteLength, 0);
  prelude.writeUInt32BE(headerBytes.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, headerBytes, payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message), 0);
  return Buffer.concat([message, checksum]);
}
