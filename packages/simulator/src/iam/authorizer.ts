import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { Authorize, Caller } from '../core/cloud.ts';
import { accessDenied, invalidToken } from './errors.ts';
import { type AccessRequest, delegatesToAccount, evaluateIdentity, evaluateResource } from './evaluate.ts';
import { requestContext } from './request-context.ts';
import type { IamStore } from './store.ts';

/** Decides one permission for one caller. Throws AwsError AccessDenied, worded as by the called service. */
export function authorizer(account: Account, clock: Clock, store: IamStore): Authorize {
  return (caller, permission) => {
    if (caller.roleArn === undefined && caller.service === undefined) return;
    const { action, resource } = permission;
    const deny = (reason: string) => {
      throw accessDenied(caller, permission, reason);
    };
    const service = caller.roleArn === undefined ? caller.service : undefined;
    const role = caller.roleArn === undefined ? undefined : store.roleByArn(caller.roleArn);
    const request: AccessRequest = {
      action,
      resource,
      principal: {
        accountId: account.accountId,
        arn: caller.arn,
        roleArn: caller.roleArn,
        roleId: role?.RoleId,
        service,
      },
      context: requestContext({ ...globalKeys(account, clock, caller), ...permission.context }),
    };
    const own = store.resourcePolicies.get(policyHolder(resource)) ?? store.roleByArn(resource)?.trust.statements;
    const byResource = evaluateResource(own ?? [], request);
    if (byResource === 'Deny') deny('of an explicit deny in a resource-based policy');
    if (service !== undefined) {
      if (byResource !== 'Allow') deny(`no resource-based policy allows the ${action} action`);
      return;
    }
    if (!role) throw invalidToken(action);
    const byIdentity = evaluateIdentity(store.statementsOf(role), request);
    if (byIdentity === 'Deny') deny('of an explicit deny in an identity-based policy');
    if (byResource === 'Allow') return;
    if (byIdentity !== 'Allow') deny(`no identity-based policy allows the ${action} action`);
    // Unlike other resource policies, those of keys and roles must delegate to the account before identity policies
    // count. The policy of another account's key is unknown.
    const mustDelegate = action === 'sts:AssumeRole' || (own && /^arn:[\w-]+:kms:/.test(resource));
    if (mustDelegate && !delegatesToAccount(own ?? [], request)) {
      deny(`no resource-based policy allows the ${action} action`);
    }
  };
}

/** The resource that has the policy: the bucket of an object, the function of a function version, a package's group. */
function policyHolder(resource: string): string {
  return resource
    .replace(/^(arn:[\w-]+:s3:::[^/]*)\/.*$/s, '$1')
    .replace(/^(arn:[\w-]+:sagemaker:[^:]*:[^:]*:model-package)(\/[^/]+)\/.*$/s, '$1-group$2')
    .replace(/^(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+):.*$/s, '$1');
}

function globalKeys(account: Account, clock: Clock, caller: Caller): Record<string, string | undefined> {
  const now = clock.now();
  const { accountId } = account;
  const keys = {
    // Plain HTTP on the loopback interface counts as TLS. Otherwise every `enforceSSL` policy would deny every call.
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:RequestedRegion': account.region,
    'aws:ResourceAccount': accountId,
    'aws:ViaAWSService': 'false',
    'aws:PrincipalIsAWSService': String(caller.roleArn === undefined),
  };
  if (caller.roleArn === undefined) {
    const { service, sourceArn } = caller;
    return { ...keys, 'aws:PrincipalServiceName': service, 'aws:SourceArn': sourceArn, 'aws:SourceAccount': accountId };
  }
  return {
    ...keys,
    'aws:SourceIp': '127.0.0.1',
    'aws:PrincipalArn': caller.roleArn,
    'aws:PrincipalAccount': accountId,
    'aws:PrincipalType': 'AssumedRole',
  };
}
