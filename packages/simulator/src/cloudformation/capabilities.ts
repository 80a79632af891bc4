import { AwsError } from '../core/aws-error.ts';
import type { ResourceDefinition } from './template.ts';

/** IAM types with the property that names their resources, if there is one. */
const NAME_PROPERTIES: ReadonlyMap<string, string> = new Map([
  ['AWS::IAM::Role', 'RoleName'],
  ['AWS::IAM::ManagedPolicy', 'ManagedPolicyName'],
  ['AWS::IAM::Policy', ''],
]);

/** IAM resources need the caller's consent. `*` consents to all. Throws InsufficientCapabilitiesException. */
export function checkCapabilities(resources: Iterable<ResourceDefinition>, given: readonly string[]): void {
  const { name } = neededCapability(resources) ?? {};
  if (name === undefined || given.some((capability) => ['*', name, 'CAPABILITY_NAMED_IAM'].includes(capability)))
    return;
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${name}]`);
}

/** The consent that the resources need, and why; undefined if they need none. */
export function neededCapability(resources: Iterable<ResourceDefinition>) {
  const iam = [...resources].filter(({ Type }) => NAME_PROPERTIES.has(Type));
  if (iam.length === 0) return undefined;
  const isNamed = iam.some(({ Type, Properties = {} }) => Object.hasOwn(Properties, NAME_PROPERTIES.get(Type) ?? ''));
  const types = [...new Set(iam.map(({ Type }) => Type))].join(', ');
  return {
    name: isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM',
    reason: `The following resource(s) require capabilities: [${types}]`,
  };
}
