import { StringDecoder } from 'node:string_decoder';

/** Splits a byte stream into lines. A line longer than `maxLength` characters comes in pieces, to bound the memory. */
export function lineSplitter(onLine: (line: string) => void, maxLength: number) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string) => {
    for (let at = 0; at === 0 || at < line.length; at += maxLength) onLine(line.slice(at, at + maxLength));
  };
  return {
    push(chunk: Buffer): void {
      const lines = (rest + decoder.write(chunk)).split('\n');
      const last = lines.pop() ?? '';
      for (const line of lines) emit(line.endsWith('\r') ? line.slice(0, -1) : line);
      const whole = last.length - (last.length % maxLength);
      if (whole > 0) emit(last.slice(0, whole));
      rest = last.slice(whole);
    },
    /** Called at the end of the stream: emits a last line that has no end. */
    end(): void {
      const last = rest + decoder.end();
      if (last !== '') emit(last);
    },
  };
}
