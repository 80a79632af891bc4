import { type InvocationRequest, NotSent } from '#simulator/sagemaker/launcher';
import { inBatches } from './in-batches.ts';
import type { ServerAnswer } from './model-response.ts';

/** A request, as the host for JavaScript gets it. */
export interface ChannelRequest extends Pick<InvocationRequest, 'headers' | 'body'> {
  readonly id: number;
}

/** Its response. */
export interface ChannelResponse extends Pick<ServerAnswer, 'status' | 'headers'> {
  readonly id: number;
  readonly body: string | Uint8Array;
}

/** The requests that a host has not answered yet. */
export interface ModelChannel {
  /** Throws NotSent if the host has ended. */
  invoke(request: InvocationRequest): Promise<ServerAnswer>;
  answered(responses: readonly ChannelResponse[]): void;
  /** The host has ended. */
  end(cause: Error): void;
}

/**
 * Requests over Node's channel to a child: HTTP would cost each side more than all the rest of a small request.
 * `send` returns false if there is no child any more.
 */
export function modelChannel(container: string, send: (requests: readonly ChannelRequest[]) => boolean): ModelChannel {
  const pending = new Map<number, Omit<PromiseWithResolvers<ServerAnswer>, 'promise'>>();
  let last = 0;
  const fail = (id: number, error: unknown) => {
    pending.get(id)?.reject(error);
    pending.delete(id);
  };
  const sendLater = inBatches<ChannelRequest>((requests) => {
    if (send(requests)) return;
    for (const { id } of requests) fail(id, new NotSent(new Error('The container has ended.')));
  });
  return {
    invoke({ headers, body, signal }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      last += 1;
      const id = last;
      const { promise, resolve, reject } = Promise.withResolvers<ServerAnswer>();
      pending.set(id, { resolve, reject });
      signal.addEventListener('abort', () => fail(id, signal.reason), { once: true });
      sendLater({ id, headers, body });
      return promise;
    },
    answered(responses) {
      for (const { id, status, headers, body } of responses) {
        pending.get(id)?.resolve({ status, headers, body: bufferOf(body), container });
        pending.delete(id);
      }
    },
    end(cause) {
      for (const id of pending.keys()) fail(id, cause);
    },
  };
}

/** The same bytes, not copied. */
const bufferOf = (body: string | Uint8Array): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
