import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { InvocationResponse } from '#simulator/sagemaker/launcher';
import { wholeOf } from '../gateway/read-body.ts';

/** `body` is whole if it came with its headers. Otherwise it emits `close` whether it ends, fails or is destroyed. */
export type ServerAnswer = InvocationResponse & { readonly body: Buffer | Readable };

/**
 * Takes the response of a model server from undici. Its own `request` makes a stream of every body, which costs more
 * than all the rest of a small one.
 */
export class ModelResponse implements Dispatcher.DispatchHandler {
  readonly #head = Promise.withResolvers<Pick<InvocationResponse, 'status' | 'headers'>>();
  readonly #signal: AbortSignal;
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #stream: Readable | undefined;
  #end: 'open' | 'complete' | Error = 'open';

  /** `signal` ends the request, also when it still waits for a connection. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#abort(), { once: true });
    if (signal.aborted) this.#abort();
  }

  /** Resolves when the headers have come. */
  async answer(container: string): Promise<ServerAnswer> {
    // What came together with the headers has been taken when this goes on.
    const { status, headers } = await this.#head.promise;
    return { status, headers, body: this.#body(), container };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#abort();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, received: IncomingHttpHeaders): void {
    if (status < 200) return;
    const headers: Record<string, string> = {};
    for (const name in received) {
      const value = received[name] ?? '';
      headers[name] = typeof value === 'string' ? value : value.join(', ');
    }
    this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#stream) this.#chunks.push(chunk);
    else if (!this.#stream.push(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#end = 'complete';
    this.#stream?.push(null);
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#end = error;
    this.#head.reject(error);
    this.#stream?.destroy(error);
  }

  #abort(): void {
    const reason = this.#signal.reason as Error;
    this.#controller?.abort(reason);
    this.onResponseError(undefined, reason);
  }

  #body(): Buffer | Readable {
    if (this.#end instanceof Error) throw this.#end;
    if (this.#end === 'complete') return wholeOf(this.#chunks);
    this.#stream = new Readable({
      read: () => this.#controller?.resume(),
      destroy: (error, done) => {
        this.#controller?.abort(error ?? new Error('The response was closed before its end.'));
        done(error);
      },
    });
    for (const chunk of this.#chunks) this.#stream.push(chunk);
    this.#chunks = [];
    return this.#stream.on('error', () => undefined);
  }
}
