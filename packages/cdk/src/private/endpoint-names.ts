import { Stack } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { areConcrete } from './tokens';

/** The named endpoints of each app, by account, region and name. */
const ENDPOINTS = new WeakMap<IConstruct, Map<string, Construct>>();

/** A problem if another endpoint of the account and region has the name. */
export function duplicateNameProblems(endpoint: Construct, name: string | undefined): string[] {
  const other = name === undefined ? undefined : endpointsOf(endpoint).get(idOf(endpoint, name));
  if (!other) return [];
  return [
    `endpointProps.endpointName is "${name}", which is also the name of "${other.node.path}". Names of endpoints do not ` +
      'differ in case only. Give each endpoint its own name, or omit it for a generated one.',
  ];
}

/** Remembers the name of an endpoint without problems. */
export function registerName(endpoint: Construct, name: string | undefined): void {
  if (name !== undefined && areConcrete(name)) endpointsOf(endpoint).set(idOf(endpoint, name), endpoint);
}

function endpointsOf({ node: { root } }: Construct): Map<string, Construct> {
  const found = ENDPOINTS.get(root) ?? new Map<string, Construct>();
  ENDPOINTS.set(root, found);
  return found;
}

/** Stacks whose account or region is not known can be deployed to different ones, so each has its own names. */
function idOf(endpoint: Construct, name: string): string {
  let stack = Stack.of(endpoint);
  while (stack.nestedStackParent) stack = stack.nestedStackParent;
  const { account, region } = stack;
  const place = areConcrete(account, region) ? `${account}/${region}` : stack.node.addr;
  return `${place}/${name.toLowerCase()}`;
}
