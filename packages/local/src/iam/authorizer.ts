import type { Account } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import type { Caller, Permission } from '../core/cloud.ts';
import { accessDenied, invalidToken } from './access-denied.ts';
import { evaluateIdentity, evaluateResource, type Verdict } from './evaluate.ts';
import type { Statement } from './policy-document.ts';
import { requestContext } from './request-context.ts';

/** Where the authorizer finds policies, at the time of each call. */
export interface PolicySource {
  /** All statements of the role's policies; undefined when there is no such role. */
  identityStatements(roleArn: string): readonly Statement[] | undefined;
  /** The statements of the resource's own policy. */
  resourceStatements(resourceArn: string): readonly Statement[] | undefined;
}

/** Decides one permission for one caller. @throws AwsError AccessDenied (in the called service's words). */
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
        service: caller.roleArn === undefined ? caller.service : undefined,
      },
      context: requestContext({ ...globalKeys(account, clock, caller), ...permission.context }),
    };
    const own = policies.resourceStatements(policyHolder(permission.resource));
    const byResource: Verdict = own ? evaluateResource(own, request) : 'None';
    if (byResource === 'Deny') throw accessDenied(caller, permission, 'of an explicit deny in a resource-based policy');
    if (caller.roleArn === undefined) {
      if (byResource === 'Allow') return;
      throw accessDenied(caller, permission, `no resource-based policy allows the ${permission.action} action`);
    }
    const identity = policies.identityStatements(caller.roleArn);
    if (!identity) throw invalidToken(permission.action);
    const byIdentity = evaluateIdentity(identity, request);
    if (byIdentity === 'Deny')
      throw accessDenied(caller, permission, 'of an explicit deny in an identity-based policy');
    if (byIdentity === 'Allow' || byResource === 'Allow') return;
    throw accessDenied(caller, permission, `no identity-based policy allows the ${permission.action} action`);
  };
}

/** The resource whose policy speaks: an object's is its bucket's, a function version's the function's. */
function policyHolder(resource: string): string {
  if (/^arn:[\w-]+:s3:::/.test(resource)) return resource.replace(/\/.*$/s, '');
  const lambda = /^(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+):/.exec(resource);
  return lambda?.[1] ?? resource;
}

function globalKeys(account: Account, clock: Clock, caller: Caller): Record<string, string | undefined> {
  const now = clock.now();
  const service = caller.roleArn === undefined ? caller.service : undefined;
  return {
    // Locally, HTTP over the loopback interface stands for TLS: else every `enforceSSL` policy would deny everything.
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
