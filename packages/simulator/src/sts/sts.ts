import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import type { Caller, Deps, Service } from '../core/cloud.ts';
import { accessDenied } from '../iam/errors.ts';
import type { Iam } from '../iam/iam.ts';

const DEFAULT_SESSION_SECONDS = 3600;

/** Security Token Service: GetCallerIdentity and AssumeRole. */
export interface Sts {
  readonly service: Service;
}

type AssumeRoleInput = Partial<AssumeRoleCommandInput>;

export function createSts({ account, clock }: Deps, { iam }: { readonly iam: Iam }): Sts {
  const permission = ({ RoleArn = '', ExternalId }: AssumeRoleInput) => ({
    action: 'sts:AssumeRole',
    resource: RoleArn,
    ...(ExternalId !== undefined && { context: { 'sts:ExternalId': ExternalId } }),
  });
  return {
    service: {
      name: 'sts',
      operations: {
        // AWS requires no permission for it either.
        GetCallerIdentity: {
          run(_input: unknown, caller: Caller) {
            return {
              UserId: caller.userId ?? account.accountId,
              Account: account.accountId,
              Arn: caller.arn,
            };
          },
        },
        AssumeRole: {
          permissions: (input: AssumeRoleInput) => [permission(input)],
          run(input: AssumeRoleInput, caller: Caller) {
            const { RoleArn = '', RoleSessionName = '', DurationSeconds = DEFAULT_SESSION_SECONDS } = input;
            // AWS denies it to the root user. Here, root is whoever works with the account.
            if (caller.roleArn === undefined && !iam.trustsAccount(RoleArn, input.ExternalId)) {
              throw accessDenied(caller, permission(input), 'the role does not exist, or does not trust the account');
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
        },
      },
    },
  };
}
