import { isRecord } from '../core/is-record.ts';

/** The response that a custom resource's function puts to the ResponseURL. */
export interface CustomResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** CloudFormation's limit on a response. */
export const MAX_CUSTOM_RESPONSE_BYTES = 4096;

export type CustomResponses = ReturnType<typeof createCustomResponses>;

/**
 * Where custom resources respond: one address for each request, each for one response. `address` returns a new one at
 * each call.
 */
export function createCustomResponses(address: () => string) {
  const open = new Map<string, (response: CustomResponse) => void>();
  return {
    /** `response` never rejects. `close` stops waiting; later responses are refused. */
    create() {
      const url = address();
      const response = new Promise<CustomResponse>((resolve) => open.set(url, resolve));
      return { url, response, close: () => open.delete(url) };
    },
    /** Whether a response is awaited at this address. */
    isOpen: (url: string) => open.has(url),
    /**
     * Takes a response's text; undefined if it is longer than `MAX_CUSTOM_RESPONSE_BYTES`. An invalid one is a failure
     * with CloudFormation's reason. Returns the HTTP status.
     */
    respond(url: string, body: string | undefined): 200 | 404 {
      const settle = open.get(url);
      // An address is used once, so that nothing changes if it becomes known later.
      open.delete(url);
      settle?.(parseResponse(body));
      return settle ? 200 : 404;
    },
  };
}

function parseResponse(body: string | undefined): CustomResponse {
  if (body === undefined || Buffer.byteLength(body) > MAX_CUSTOM_RESPONSE_BYTES) {
    return failed('Response object is too long.');
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return failed('Invalid JSON in the response of the custom resource.');
  }
  const { Status, Reason, PhysicalResourceId, Data } = isRecord(value) ? value : {};
  if (Status !== 'SUCCESS' && Status !== 'FAILED') {
    return failed('Invalid Status in the response of the custom resource.');
  }
  return {
    Status,
    Reason: typeof Reason === 'string' ? Reason : undefined,
    PhysicalResourceId: typeof PhysicalResourceId === 'string' ? PhysicalResourceId : undefined,
    Data: isRecord(Data) ? Data : undefined,
  };
}

const failed = (reason: string): CustomResponse => ({ Status: 'FAILED', Reason: reason });
