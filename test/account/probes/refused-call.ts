/** How a call ended. */
export interface CallEnd {
  readonly accepted: boolean;
  /** Of the error. Empty if the call was accepted. */
  readonly name: string;
  readonly status?: number;
  readonly message: string;
}

interface AwsFailure extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

const isAwsFailure = (error: unknown): error is AwsFailure => error instanceof Error && '$metadata' in error;

/** Something that this account does not have: the local runtime's NotImplemented. */
export const isNotImplemented = (error: unknown): boolean => error instanceof Error && error.name === 'NotImplemented';

/** The end of a call. Throws what is not an answer of AWS: no connection, or NotImplemented. */
export async function endOf(call: Promise<unknown>): Promise<CallEnd> {
  try {
    await call;
    return { accepted: true, name: '', message: '' };
  } catch (error) {
    if (!isAwsFailure(error) || isNotImplemented(error)) throw error;
    return { accepted: false, name: error.name, status: error.$metadata.httpStatusCode, message: error.message };
  }
}

/** For the evidence. */
export function described({ accepted, name, status, message }: CallEnd): string {
  return accepted ? 'accepted' : `${name} (HTTP ${status ?? '?'}): ${message}`;
}
