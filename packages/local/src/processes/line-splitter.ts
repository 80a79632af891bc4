import { StringDecoder } from 'node:string_decoder';

/** Splits a byte stream into lines. A line longer than `maxLength` characters comes in pieces, to bound the memory. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  readonly #maxLength: number;
  #rest = '';

  constructor(onLine: (line: string) => void, maxLength: number) {
    this.#onLine = onLine;
    this.#maxLength = maxLength;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line.endsWith('\r') ? line.slice(0, -1) : line);
    const whole = rest.length - (rest.length % this.#maxLength);
    if (whole > 0) this.#emit(rest.slice(0, whole));
    this.#rest = rest.slice(whole);
  }

  /** Called at the end of the stream: emits a last line that has no end. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    if (rest !== '') this.#emit(rest);
  }

  #emit(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += this.#maxLength) {
      this.#onLine(line.slice(at, at + this.#maxLength));
    }
  }
}
