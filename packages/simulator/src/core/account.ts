/** The simulated account that all services share. */
export interface Account {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
}

export const defaultAccount: Account = { accountId: '000000000000', region: 'us-east-1', partition: 'aws' };

/** `arn:<partition>:<service>:<region>:<account>:<resource>` */
export function arn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${resource}`;
}
