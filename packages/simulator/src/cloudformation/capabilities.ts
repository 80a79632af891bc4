import { AwsError } from '../core/aws-error.ts';
import type { PreparedTemplate } from './prepared-template.ts';

/** IAM types with the property that names their resources, if there is one. */
const NAME_PROPERTIES: ReadonlyMap<string, string | undefined> = new Map([
  ['AWS::IAM::Role', 'RoleName'],
  ['AWS::IAM::ManagedPolicy', 'ManagedPolicyName'],
  ['AWS::IAM::Policy', undefined],
]);

/** IAM resources need the caller's consent. `*` consents to all. Throws InsufficientCapabilitiesException. */
export function checkCapabilities(template: PreparedTemplate, given: readonly string[]): void {
  const iam = [...template.resources.values()].filter(({ Type }) => NAME_PROPERTIES.has(Type));
  const isNamed = iam.some(({ Type, Properties }) => {
    const property = NAME_PROPERTIES.get(Type);
    return property !== undefined && Object.hasOwn(Properties ?? {}, property);
  });
  const needed = isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
  if (iam.length === 0 || given.some((name) => name === '*' || name === needed || name === 'CAPABILITY_NAMED_IAM')) {
    return;
  }
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}
