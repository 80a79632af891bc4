import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { digest8 } from './digest';

/** Maximum length of the name of a SageMaker model, endpoint config or endpoint, in characters. */
export const MAX_NAME_LENGTH = 63;

/** Names that SageMaker accepts, apart from the length. */
export const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;

/** `<given><suffix>` in at most 63 characters: `given` is shortened, unless it is a token, whose length is unknown. */
export function suffixedName(given: string, suffix: string): string {
  if (Token.isUnresolved(given)) return `${given}${suffix}`;
  return `${given.slice(0, MAX_NAME_LENGTH - suffix.length).replace(/-+$/, '')}${suffix}`;
}

/**
 * `<stack name>/<id of the construct in the stack>`, in the characters that the name of an SSM parameter may contain.
 * A nested id, or one with other characters, gets a digest as suffix, which makes it unique.
 */
export function endpointIdOf(endpoint: Construct): string {
  const stack = Stack.of(endpoint);
  const ids = endpoint.node.scopes.slice(endpoint.node.scopes.indexOf(stack) + 1).map((scope) => scope.node.id);
  const joined = ids.join('-').replace(/[^a-zA-Z0-9_.-]/g, '-');
  const id = ids.length === 1 && joined === ids[0] ? joined : `${joined}-${digest8(ids)}`;
  return `${stack.stackName}/${id}`;
}
