import type { Caller, Deps, Service } from '../core/cloud.ts';
import { authorizer } from './authorizer.ts';
import { CredentialRegistry, type Credentials } from './credentials.ts';
import { evaluateResource } from './evaluate.ts';
import { awsManagedPolicy, isAwsManaged } from './managed-policies.ts';
import { parsePolicy, type Statement } from './policy-document.ts';
import { policyOperations } from './policy-operations.ts';
import { requestContext } from './request-context.ts';
import { roleOperations } from './role-operations.ts';
import { RoleStore } from './role-store.ts';

/** Identity and access: roles, policies, and the answer to each "may this caller do that?". */
export interface Iam {
  readonly service: Service;
  /**
   * Sets (or, with undefined, removes) the policy that a queue, bucket or function has of its own.
   * @throws AwsError MalformedPolicyDocument
   */
  setResourcePolicy(resourceArn: string, document: unknown): void;
  /** The caller that a session of the role is; its policies are asked at each call. */
  callerFor(roleArn: string, sessionName: string): Caller;
  /** Keys whose calls are made as the role's session. */
  issueCredentials(roleArn: string, sessionName: string): Credentials;
  /** Whose keys these are; keys that weren't issued here are the account's root. */
  callerOf(accessKeyId: string | undefined): Caller;
  /** Whether the role exists and its trust policy lets the service (e.g. `lambda.amazonaws.com`) assume it. */
  canAssume(roleArn: string, servicePrincipal: string): boolean;
}

/** Makes the IAM service and lets `deps.cloud` ask it before each operation. */
export function createIam(deps: Deps): Iam {
  const { account, clock } = deps;
  const store = new RoleStore();
  const credentials = new CredentialRegistry(account, deps.ids);
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
      resourceStatements: (arn) => resourcePolicies.get(arn),
    }),
  );

  return {
    service: { name: 'iam', operations: { ...roleOperations(deps, store), ...policyOperations(deps, store) } },
    setResourcePolicy(resourceArn, document) {
      if (document === undefined || document === '') resourcePolicies.delete(resourceArn);
      else resourcePolicies.set(resourceArn, parsePolicy(document, 'resource'));
    },
    callerFor: (roleArn, sessionName) => credentials.callerFor(roleArn, sessionName),
    issueCredentials: (roleArn, sessionName) => credentials.issue(roleArn, sessionName),
    callerOf: (accessKeyId) => credentials.callerOf(accessKeyId),
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
