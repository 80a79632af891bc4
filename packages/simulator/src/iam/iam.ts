import type { Account } from '../core/account.ts';
import { type Caller, type Deps, root, type Service } from '../core/cloud.ts';
import { authorizer } from './authorizer.ts';
import { CredentialRegistry, type Credentials } from './credentials.ts';
import { delegatesToAccount, evaluateResource } from './evaluate.ts';
import { awsManagedPolicy, isAwsManaged } from './managed-policies.ts';
import { managedPolicyOperations } from './managed-policy-operations.ts';
import { parsePolicy, type Statement, withRoleIds } from './policy-document.ts';
import { requestContext } from './request-context.ts';
import { roleOperations } from './role-operations.ts';
import { rolePolicyOperations } from './role-policy-operations.ts';
import { RoleStore } from './role-store.ts';

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
  const { account, clock } = deps;
  const store = new RoleStore();
  const credentials = new CredentialRegistry(account, deps.ids, (roleArn) => store.roleByArn(roleArn)?.id);
  const resourcePolicies = new Map<string, readonly Statement[]>();

  const attachedStatements = (policyArn: string): readonly Statement[] => {
    if (isAwsManaged(policyArn)) return awsManagedPolicy(policyArn);
    const policy = store.policy(policyArn);
    return policy.versions.get(policy.defaultVersion)?.statements ?? [];
  };

  deps.cloud.authorizeWith(
    authorizer(account, clock, {
      identityStatements(roleArn) {
        const role = store.roleByArn(roleArn);
        return (
          role && [
            ...[...role.inline.values()].flatMap((p) => p.statements),
            ...[...role.attached].flatMap(attachedStatements),
          ]
        );
      },
      resourceStatements: (arn) => resourcePolicies.get(arn) ?? store.roleByArn(arn)?.trust.statements,
      roleId: (roleArn) => store.roleByArn(roleArn)?.id,
    }),
  );

  const operations = {
    ...roleOperations(deps, store),
    ...rolePolicyOperations(deps, store),
    ...managedPolicyOperations(deps, store),
  };
  return {
    service: {
      name: 'iam',
      operations,
      durable: {
        save: () => ({ store: store.save(), resourcePolicies }),
        load(saved) {
          store.load(saved.store);
          for (const [arn, statements] of saved.resourcePolicies) resourcePolicies.set(arn, statements);
        },
      },
    },
    setResourcePolicy(resourceArn, document) {
      if (document === undefined || document === '') resourcePolicies.delete(resourceArn);
      else {
        const statements = parsePolicy(document, 'resource');
        resourcePolicies.set(
          resourceArn,
          statements.map((statement) => withRoleIds(statement, (arn) => store.roleByArn(arn)?.id)),
        );
      }
    },
    callerFor: (roleArn, sessionName) => credentials.callerFor(roleArn, sessionName),
    issueCredentials: (roleArn, sessionName) => credentials.issue(roleArn, sessionName),
    callerOf: (accessKeyId) => credentials.callerOf(accessKeyId),
    ...trustDecisions(account, store),
  };
}

/** The verdicts of the roles' trust policies. */
function trustDecisions(account: Account, store: RoleStore): Pick<Iam, 'trustsAccount' | 'canAssume'> {
  return {
    trustsAccount(roleArn, externalId) {
      const trust = store.roleByArn(roleArn)?.trust.statements ?? [];
      const { arn } = root(account);
      return delegatesToAccount(trust, {
        action: 'sts:AssumeRole',
        resource: roleArn,
        principal: { accountId: account.accountId, arn },
        context: requestContext({
          'aws:SecureTransport': 'true',
          'aws:PrincipalArn': arn,
          'aws:PrincipalAccount': account.accountId,
          'sts:ExternalId': externalId,
        }),
      });
    },
    canAssume(roleArn, servicePrincipal) {
      const role = store.roleByArn(roleArn);
      if (!role) return false;
      const verdict = evaluateResource(role.trust.statements, {
        action: 'sts:AssumeRole',
        resource: roleArn,
        principal: { accountId: account.accountId, arn: servicePrincipal, service: servicePrincipal },
        context: requestContext({ 'aws:SecureTransport': 'true', 'aws:SourceAccount': account.accountId }),
      });
      return verdict === 'Allow';
    },
  };
}
