import type { Account } from '../core/account.ts';
import { type Caller, type Deps, durableMaps, root, type Service } from '../core/cloud.ts';
import { authorizer } from './authorizer.ts';
import { delegatesToAccount, evaluateResource } from './evaluate.ts';
import { managedPolicyOperations, policyVersionOperations } from './managed-policy-operations.ts';
import { parsePolicy, withRoleIds } from './policy-document.ts';
import { requestContext } from './request-context.ts';
import { roleOperations, rolePolicyOperations } from './role-operations.ts';
import { IamStore } from './store.ts';

/** Temporary keys, as STS issues them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Identity and access management: roles, policies, and the decision on each call. */
export interface Iam {
  readonly service: Service;
  /**
   * Sets the resource policy of a queue, bucket, key or function; undefined removes it.
   * Throws AwsError MalformedPolicyDocument.
   */
  setResourcePolicy(resourceArn: string, document: unknown): void;
  /** A session of the role as a caller. The role's policies are evaluated at each call. */
  callerFor(roleArn: string, sessionName: string): Caller;
  /** Keys for a session of the role. */
  issueCredentials(roleArn: string, sessionName: string): Credentials;
  /** The caller to whom the keys were issued; for any other keys, the account's root. */
  callerOf(accessKeyId: string | undefined): Caller;
  /** Whether the role exists and lets the account's root assume it. */
  trustsAccount(roleArn: string, externalId: string | undefined): boolean;
  /** Whether the role exists and trusts the service, e.g. `lambda.amazonaws.com`. */
  canAssume(roleArn: string, servicePrincipal: string): boolean;
}

/** Creates the IAM service. From then on `deps.cloud` authorizes each call with it. */
export function createIam(deps: Deps): Iam {
  const store = new IamStore(deps.account);
  const { roles, policies, resourcePolicies } = store;
  deps.cloud.authorizeWith(authorizer(deps.account, deps.clock, store));
  return {
    service: {
      name: 'iam',
      operations: {
        ...roleOperations(deps, store),
        ...rolePolicyOperations(store),
        ...managedPolicyOperations(deps, store),
        ...policyVersionOperations(deps, store),
      },
      durable: durableMaps({ roles, policies, resourcePolicies }),
    },
    setResourcePolicy(resourceArn, document) {
      const given = document === undefined || document === '' ? [] : parsePolicy(document, 'resource');
      const statements = given.map((one) => withRoleIds(one, (arn) => store.roleByArn(arn)?.RoleId));
      if (statements.length === 0) resourcePolicies.delete(resourceArn);
      else resourcePolicies.set(resourceArn, statements);
    },
    ...sessions(deps, store),
    ...trustDecisions(deps.account, store),
  };
}

/**
 * Maps access keys to role sessions. Signatures are not checked, as only this machine can reach the port: keys select
 * the policies to evaluate and need not be secret. Keys never expire, because unknown keys are root's and a holder of
 * expired keys would gain rights.
 */
function sessions({ account, ids }: Deps, store: IamStore): Pick<Iam, 'callerFor' | 'issueCredentials' | 'callerOf'> {
  const callers = new Map<string | undefined, Caller>();
  const callerFor = (roleArn: string, sessionName: string): Caller => {
    const { partition, accountId } = account;
    const id = store.roleByArn(roleArn)?.RoleId;
    const session = `${roleArn.slice(roleArn.lastIndexOf('/') + 1)}/${sessionName}`;
    return {
      arn: `arn:${partition}:sts::${accountId}:assumed-role/${session}`,
      roleArn,
      ...(id !== undefined && { userId: `${id}:${sessionName}` }),
    };
  };
  return {
    callerFor,
    issueCredentials(roleArn, sessionName) {
      const accessKeyId = `ASIA${ids.hex(16).toUpperCase()}`;
      callers.set(accessKeyId, callerFor(roleArn, sessionName));
      return { accessKeyId, secretAccessKey: ids.hex(40), sessionToken: ids.hex(64) };
    },
    callerOf: (accessKeyId) => callers.get(accessKeyId) ?? root(account),
  };
}

/** The verdicts of the roles' trust policies. */
function trustDecisions(account: Account, store: IamStore): Pick<Iam, 'trustsAccount' | 'canAssume'> {
  const { accountId } = account;
  const trustOf = (roleArn: string) => store.roleByArn(roleArn)?.trust.statements ?? [];
  const assumption = (resource: string, arn: string, keys: Parameters<typeof requestContext>[0]) => ({
    action: 'sts:AssumeRole',
    resource,
    principal: { accountId, arn },
    context: requestContext({ 'aws:SecureTransport': 'true', ...keys }),
  });
  return {
    trustsAccount(roleArn, externalId) {
      const { arn } = root(account);
      const keys = { 'aws:PrincipalArn': arn, 'aws:PrincipalAccount': accountId, 'sts:ExternalId': externalId };
      return delegatesToAccount(trustOf(roleArn), assumption(roleArn, arn, keys));
    },
    canAssume(roleArn, service) {
      const request = assumption(roleArn, service, { 'aws:SourceAccount': accountId });
      const principal = { ...request.principal, service };
      return evaluateResource(trustOf(roleArn), { ...request, principal }) === 'Allow';
    },
  };
}
