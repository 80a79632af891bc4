import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { digest8 } from './digest';

/** Longest name that SageMaker takes for a model, an endpoint config or an endpoint. */
export const MAX_NAME_LENGTH = 63;

/** What SageMaker takes as a name, apart from the length. */
export const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;

/** `<given><suffix>` in at most 63 characters: the given part is cut. The length of a token is unknown, so it stays whole. */
export function suffixedName(given: string, suffix: string): string {
  if (Token.isUnresolved(given)) return `${given}${suffix}`;
  return `${given.slice(0, MAX_NAME_LENGTH - suffix.length).replace(/-+$/, '')}${suffix}`;
}

/**
 * `<stack name>/<id of the construct in the stack>`, in the characters that an SSM parameter's name may have.
 * An id that had to be changed for that, or that is nested, ends in a digest, so that two never meet.
 */
export function endpointId(endpoint: Construct): string {
  const stack = Stack.of(endpoint);
  const ids = endpoint.node.scopes.slice(endpoint.node.scopes.indexOf(stack) + 1).map((scope) => scope.node.id);
  const joined = ids.join('-').replace(/[^a-zA-Z0-9_.-]/g, '-');
  const id = ids.length === 1 && joined === ids[0] ? joined : `${joined}-${digest8(ids)}`;
  return `${stack.stackName}/${id}`;
}
