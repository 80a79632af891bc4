import type { STS } from '@aws-sdk/client-sts';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Service } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import { accessDenied } from '../iam/errors.ts';
import type { Iam } from '../iam/iam.ts';

const DEFAULT_SESSION_SECONDS = 3600;

/** Security Token Service: GetCallerIdentity and AssumeRole. */
export function createSts({ account, clock }: Deps, { iam }: { readonly iam: Iam }): { readonly service: Service } {
  const permission = (resource = '', externalId?: string) => ({
    action: 'sts:AssumeRole',
    resource,
    ...(externalId !== undefined && { context: { 'sts:ExternalId': externalId } }),
  });
  // As on AWS, GetCallerIdentity needs no permission.
  const needed = (roleArn: string | undefined, externalId: string | undefined) =>
    roleArn === undefined ? [] : [permission(roleArn, externalId)];
  const operations = operationsOf<STS>()('sts', ({ RoleArn, ExternalId }) => needed(RoleArn, ExternalId), {
    GetCallerIdentity: (_input, { userId = account.accountId, arn }) => ({
      UserId: userId,
      Account: account.accountId,
      Arn: arn,
    }),
    AssumeRole(input, caller) {
      const { RoleArn = '', RoleSessionName = '', DurationSeconds = DEFAULT_SESSION_SECONDS, ExternalId } = input;
      const session = { min: 2, max: 64, pattern: /[\w+=,.@-]*/ };
      checkMember('roleSessionName', RoleSessionName, session, 'ValidationError');
      checkMember('durationSeconds', DurationSeconds, { min: 900, max: 43_200 }, 'ValidationError');
      if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:./.test(RoleArn))
        throw new AwsError('ValidationError', `${RoleArn} is invalid`);
      // AWS denies it to the root user. Here, root is whoever works with the account.
      if (caller.roleArn === undefined && !iam.trustsAccount(RoleArn, ExternalId)) {
        const reason = 'the role does not exist, or does not trust the account';
        throw accessDenied(caller, permission(RoleArn, ExternalId), reason);
      }
      const keys = iam.issueCredentials(RoleArn, RoleSessionName);
      const { arn, userId } = iam.callerFor(RoleArn, RoleSessionName);
      return {
        Credentials: {
          AccessKeyId: keys.accessKeyId,
          SecretAccessKey: keys.secretAccessKey,
          SessionToken: keys.sessionToken,
          Expiration: new Date(clock.now() + DurationSeconds * 1000),
        },
        AssumedRoleUser: { AssumedRoleId: userId, Arn: arn },
      };
    },
  });
  return { service: { name: 'sts', operations } };
}
