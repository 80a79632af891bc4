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
            return {
              UserId: caller.userId ?? account.accountId,
              Account: account.accountId,
              Arn: caller.arn,
            };
          },
        },
      },
    },
  };
}
