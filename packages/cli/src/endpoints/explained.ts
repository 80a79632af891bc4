import { EngineError } from '@freshpoint/engine/errors';
import { Failure } from '../failure.ts';

const REFUSED = /AccessDenied|UnrecognizedClient|ExpiredToken|Invalid(ClientTokenId|Signature)|SignatureDoesNotMatch/;
const UNREACHABLE = /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;

/** Does it. What AWS answers, or doesn't, becomes a Failure that says what was called, with what, and what to do. */
export async function explained<T>(call: string, resource: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = explanation(`${call} (${resource})`, error);
    if (text === undefined) throw error;
    throw new Failure(text, error);
  }
}

function explanation(call: string, error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof Failure) return undefined;
  // It names the parameter itself.
  if (error instanceof EngineError) return error.message;
  const { name, message, code, $metadata } = error as NodeJS.ErrnoException & { $metadata?: object };
  const what = message.replace(/\.$/, '');
  if (REFUSED.test(name)) return `${call} was refused: ${what}. Look at the credentials and what they are allowed.`;
  if (name === 'CredentialsProviderError' || /Region is missing/.test(message)) {
    return `${call}: ${what}. Set AWS_REGION and credentials, as for the AWS CLI.`;
  }
  if (UNREACHABLE.test(code ?? '') || name === 'TimeoutError') {
    return `${call} got no answer: ${what || code}. Look at AWS_ENDPOINT_URL, AWS_REGION and the network.`;
  }
  if (code === 'ERR_INVALID_URL') return `${call}: ${what}. Look at AWS_ENDPOINT_URL, e.g. http://127.0.0.1:4580.`;
  if (name === 'ParameterNotFound') return `${call}: there is no such parameter. Deploy the stack again.`;
  // The service answered: whatever it says is said to the person.
  return $metadata === undefined
    ? undefined
    : `${call} failed: ${[name, what].filter((text) => text !== '').join(': ')}.`;
}
