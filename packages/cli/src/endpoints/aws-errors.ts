import { EngineError } from '@freshpoint/engine/errors';
import { CommandFailure } from '../command-failure.ts';

const DENIED = /AccessDenied|UnrecognizedClient|ExpiredToken|Invalid(ClientTokenId|Signature)|SignatureDoesNotMatch/;
const UNREACHABLE = /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;

/** Runs an AWS call. Its error becomes a CommandFailure that names the call and the resource, and says what to do. */
export async function explainErrors<T>(call: string, resource: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const explanation = explain(`${call} (${resource})`, error);
    if (explanation === undefined) throw error;
    throw new CommandFailure(explanation, error);
  }
}

/** Undefined: the error is a CommandFailure already, or a bug. */
function explain(call: string, error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof CommandFailure) return undefined;
  // Its message names the parameter or the object.
  if (error instanceof EngineError) return error.message;
  const { name, message, code, $metadata } = error as NodeJS.ErrnoException & { $metadata?: object };
  const text = message.replace(/\.$/, '');
  if (DENIED.test(name)) return `${call} was denied: ${text}. Check the credentials and their permissions.`;
  if (name === 'CredentialsProviderError' || /Region is missing/.test(message)) {
    return `${call}: ${text}. Set AWS_REGION and credentials, as for the AWS CLI.`;
  }
  if (UNREACHABLE.test(code ?? '') || name === 'TimeoutError') {
    const problem = text === '' ? (code ?? name) : text;
    return `${call} got no response: ${problem}. Check AWS_ENDPOINT_URL, AWS_REGION and the network.`;
  }
  if (code === 'ERR_INVALID_URL') return `${call}: ${text}. Check AWS_ENDPOINT_URL, e.g. http://127.0.0.1:4580.`;
  if (name === 'NoSuchBucket') return `${call}: the bucket does not exist. Deploy the stack again.`;
  // Only an error that a service returned has $metadata.
  if ($metadata === undefined) return undefined;
  return `${call} failed: ${[name, text].filter((part) => part !== '').join(': ')}.`;
}
