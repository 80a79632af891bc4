import { gzipSync } from 'node:zlib';

export interface RawEntry {
  path: string | Buffer;
  /** Type flag: `0` file, `1` hard link, `2` symbolic link, `3`, `4` devices, `5` folder, `6` FIFO, `x` pax header. */
  type?: string;
  body?: string | Buffer;
  link?: string;
  mode?: number;
  /** Size in the header. @default the size of the body */
  size?: number;
}

/** A tar archive built byte by byte, with content that no tar program would write. */
export function tarOf(...entries: RawEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const body = Buffer.from(entry.body ?? '');
    const header = Buffer.alloc(512);
    Buffer.from(entry.path).copy(header, 0, 0, 100);
    header.write(octal(entry.mode ?? 0o644, 7), 100);
    header.write(octal(0, 7), 108);
    header.write(octal(0, 7), 116);
    header.write(octal(entry.size ?? body.length, 11), 124);
    header.write(octal(0, 11), 136);
    header.fill(' ', 148, 156);
    header.write(entry.type ?? '0', 156);
    header.write(entry.link ?? '', 157, 100, 'utf8');
    header.write('ustar\u000000', 257, 'latin1');
    header.write(
      octal(
        header.reduce((sum, byte) => sum + byte, 0),
        6,
      ),
      148,
    );
    header[154] = 0;
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A pax header with `records` for the next entry. */
export function pax(records: Record<string, string>): RawEntry {
  const body = Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = Buffer.byteLength(rest);
      while (String(length).length + Buffer.byteLength(rest) !== length) {
        length = String(length).length + Buffer.byteLength(rest);
      }
      return `${length}${rest}`;
    })
    .join('');
  return { path: 'PaxHeader', type: 'x', body };
}

export const tarGz = (...entries: RawEntry[]): Buffer => gzipSync(tarOf(...entries));

/** The bytes in pieces, as from S3. */
export async function* pieces(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
