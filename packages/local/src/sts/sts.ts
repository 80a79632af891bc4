import type { Caller, Deps, Service } from '../core/cloud.ts';

/** Security Token Service: GetCallerIdentity. */
export interface Sts {
  readonly service: Service;
}

export function createSts({ account }: Deps): Sts {
  return {
    service: {
      name: 'sts',
      operations: {
        // AWS requires no permission for it either.
        GetCallerIdentity: {
          run(_input: unknown, caller: Caller) {
            const session = caller.arn.slice(caller.arn.lastIndexOf('/') + 1);
            return {
              UserId: caller.roleArn === undefined ? account.accountId : `${roleId(caller.roleArn)}:${session}`,
              Account: account.accountId,
              Arn: caller.arn,
            };
          },
        },
      },
    },
  };
}

/** An id in the form of a role's unique id, the same for the same role. */
function roleId(roleArn: string): string {
  return `AROA${Buffer.from(roleArn).toString('hex').slice(-17).toUpperCase()}`;
}
