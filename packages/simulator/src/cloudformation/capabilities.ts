import { AwsError } from '../core/aws-error.ts';
import type { PreparedTemplate } from './prepared-template.ts';
import type { ResourceDefinition } from './template.ts';

/** IAM types with the property that names their resources, if there is one. */
const NAME_PROPERTIES: ReadonlyMap<string, string | undefined> = new Map([
  ['AWS::IAM::Role', 'RoleName'],
  ['AWS::IAM::ManagedPolicy', 'ManagedPolicyName'],
  ['AWS::IAM::Policy', undefined],
]);

/** IAM resources need the caller's consent. `*` consents to all. Throws InsufficientCapabilitiesException. */
export function checkCapabilities(template: PreparedTemplate, given: readonly string[]): void {
  const { name: needed } = neededCapability([...template.resources.values()]) ?? {};
  if (needed === undefined || given.some((name) => ['*', needed, 'CAPABILITY_NAMED_IAM'].includes(name))) return;
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}

/** The consent that the resources need, and why; undefined if they need none. */
export function neededCapability(
  resources: readonly ResourceDefinition[],
): { name: string; reason: string } | undefined {
  const iam = resources.filter(({ Type }) => NAME_PROPERTIES.has(Type));
  if (iam.length === 0) return undefined;
  const isNamed = iam.some(({ Type, Properties }) => {
    const property = NAME_PROPERTIES.get(Type);
    return property !== undefined && Object.hasOwn(Properties ?? {}, property);
  });
  const types = [...new Set(iam.map(({ Type }) => Type))].join(', ');
  return {
    name: isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM',
    reason: `The following resource(s) require capabilities: [${types}]`,
  };
}
