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
    const text = this.#rest + this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#emit(text.slice(start, text[end - 1] === '\r' ? end - 1 : end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    const whole = this.#rest.length - (this.#rest.length % this.#maxLength);
    if (whole > 0) {
      this.#emit(this.#rest.slice(0, whole));
      this.#rest = this.#rest.slice(whole);
    }
  }

  /** Called at the end of the stream: emits a last line that has no end. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#emit(rest);
  }

  #emit(line: string): void {
    let rest = line;
    while (rest.length > this.#maxLength) {
      this.#onLine(rest.slice(0, this.#maxLength));
      rest = rest.slice(this.#maxLength);
    }
    this.#onLine(rest);
  }
}
