import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { Caller, Permission } from '../core/cloud.ts';
import { accessDenied, invalidToken } from './access-denied.ts';
import { delegatesToAccount, evaluateIdentity, evaluateResource, type PolicyVerdict } from './evaluate.ts';
import type { Statement } from './policy-document.ts';
import { requestContext } from './request-context.ts';

/** The policies at the time of a call. */
export interface PolicySource {
  /** The statements of all policies of the role; undefined if the role does not exist. */
  identityStatements(roleArn: string): readonly Statement[] | undefined;
  /** The statements of the resource policy. */
  resourceStatements(resourceArn: string): readonly Statement[] | undefined;
  /** The role's unique id; undefined if it does not exist. */
  roleId(roleArn: string): string | undefined;
}

/** Decides one permission for one caller. Throws AwsError AccessDenied, worded as by the called service. */
export function authorizer(account: Account, clock: Clock, policies: PolicySource) {
  return (caller: Caller, permission: Permission): void => {
    if (caller.roleArn === undefined && caller.service === undefined) return;
    const request = {
      action: permission.action,
      resource: permission.resource,
      principal: {
        accountId: account.accountId,
        arn: caller.arn,
        roleArn: caller.roleArn,
        roleId: caller.roleArn === undefined ? undefined : policies.roleId(caller.roleArn),
        service: caller.roleArn === undefined ? caller.service : undefined,
      },
      context: requestContext({ ...globalKeys(account, clock, caller), ...permission.context }),
    };
    const own = policies.resourceStatements(policyHolder(permission.resource));
    const byResource: PolicyVerdict = own ? evaluateResource(own, request) : 'None';
    if (byResource === 'Deny') throw accessDenied(caller, permission, 'of an explicit deny in a resource-based policy');
    if (caller.roleArn === undefined) {
      if (byResource === 'Allow') return;
      throw accessDenied(caller, permission, `no resource-based policy allows the ${permission.action} action`);
    }
    const identity = policies.identityStatements(caller.roleArn);
    if (!identity) throw invalidToken(permission.action);
    const byIdentity = evaluateIdentity(identity, request);
    if (byIdentity === 'Deny') {
      throw accessDenied(caller, permission, 'of an explicit deny in an identity-based policy');
    }
    if (byResource === 'Allow') return;
    if (byIdentity !== 'Allow') {
      throw accessDenied(caller, permission, `no identity-based policy allows the ${permission.action} action`);
    }
    // Unlike other resource policies, those of keys and roles must delegate to the account before identity policies
    // count. The policy of another account's key is unknown.
    const isRole = permission.action === 'sts:AssumeRole';
    if ((own || isRole) && (isRole || isKmsResource(permission.resource)) && !delegatesToAccount(own ?? [], request)) {
      throw accessDenied(caller, permission, `no resource-based policy allows the ${permission.action} action`);
    }
  };
}

/** The resource that has the policy: the bucket of an object, the function of a function version, a package's group. */
function policyHolder(resource: string): string {
  if (/^arn:[\w-]+:s3:::/.test(resource)) return resource.replace(/\/.*$/s, '');
  const packaged = /^(arn:[\w-]+:sagemaker:[^:]*:[^:]*):model-package\/([^/]+)\//.exec(resource);
  if (packaged) return `${packaged[1]}:model-package-group/${packaged[2]}`;
  const lambda = /^(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+):/.exec(resource);
  return lambda?.[1] ?? resource;
}

const isKmsResource = (resource: string) => /^arn:[\w-]+:kms:/.test(resource);

function globalKeys(account: Account, clock: Clock, caller: Caller): Record<string, string | undefined> {
  const now = clock.now();
  const service = caller.roleArn === undefined ? caller.service : undefined;
  return {
    // Plain HTTP on the loopback interface counts as TLS. Otherwise every `enforceSSL` policy would deny every call.
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:RequestedRegion': account.region,
    'aws:ResourceAccount': account.accountId,
    'aws:ViaAWSService': 'false',
    'aws:PrincipalIsAWSService': String(service !== undefined),
    'aws:PrincipalServiceName': service,
    'aws:SourceArn': service === undefined ? undefined : caller.sourceArn,
    'aws:SourceAccount': service === undefined ? undefined : account.accountId,
    'aws:SourceIp': service === undefined ? '127.0.0.1' : undefined,
    'aws:PrincipalArn': caller.roleArn,
    'aws:PrincipalAccount': service === undefined ? account.accountId : undefined,
    'aws:PrincipalType': service === undefined ? 'AssumedRole' : undefined,
  };
}
