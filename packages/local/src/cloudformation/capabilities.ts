import { AwsError } from '../core/aws-error.ts';
import type { PreparedTemplate } from './prepared-template.ts';

const namedBy: Readonly<Record<string, string>> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': '',
};

/** IAM resources need the caller's consent. `*` consents to all. Throws InsufficientCapabilitiesException. */
export function checkCapabilities(template: PreparedTemplate, given: readonly string[]): void {
  const iam = [...template.resources.values()].filter(({ Type }) => Object.hasOwn(namedBy, Type));
  const isNamed = iam.some(({ Type, Properties }) => Object.hasOwn(Properties ?? {}, namedBy[Type]!));
  const needed = isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
  if (iam.length === 0 || given.some((name) => name === '*' || name === needed || name === 'CAPABILITY_NAMED_IAM')) {
    return;
  }
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}
