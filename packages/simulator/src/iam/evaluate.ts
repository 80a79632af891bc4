import { glob, globMatches } from '../core/glob.ts';
import { conditionHolds } from './condition.ts';
import type { Principals, Statement } from './policy-document.ts';
import { expand, type RequestContext } from './request-context.ts';

/** A request to be authorized. */
export interface AccessRequest {
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  readonly principal: Principal;
  readonly context: RequestContext;
}

/** The principal of a request, for policies that name principals. */
export interface Principal {
  readonly accountId: string;
  /** The session's ARN (assumed role), or the service's name. */
  readonly arn: string;
  readonly roleArn?: string;
  /** Unique id of the role: policies of resources name it by that. */
  readonly roleId?: string;
  /** For example `events.amazonaws.com`. */
  readonly service?: string;
}

/** `Deny` is an explicit deny; `None` means that no statement applies. */
export type PolicyVerdict = 'Allow' | 'Deny' | 'None';

/** The verdict of a role's policies. */
export function evaluateIdentity(statements: readonly Statement[], request: AccessRequest): PolicyVerdict {
  let verdict: PolicyVerdict = 'None';
  for (const statement of statements) {
    if (statement.effect === verdict || !applies(statement, request)) continue;
    if (statement.effect === 'Deny') return 'Deny';
    verdict = 'Allow';
  }
  return verdict;
}

/**
 * The verdict of a resource policy. An Allow for the account (its root) only delegates to the account's identity
 * policies, so it does not count; a Deny for the account does.
 */
export function evaluateResource(statements: readonly Statement[], request: AccessRequest): PolicyVerdict {
  const named = statements.filter(({ principals, notPrincipals, effect }) => {
    const names = (listed: Principals) => isNamed(listed, request.principal, effect);
    return principals ? names(principals) : notPrincipals !== undefined && !names(notPrincipals);
  });
  return evaluateIdentity(named, request);
}

/**
 * Whether the policy of a resource allows the request to the account (its root), which leaves the decision to the
 * account's identity policies.
 */
export function delegatesToAccount(statements: readonly Statement[], request: AccessRequest): boolean {
  return statements.some(
    (one) =>
      one.effect === 'Allow' &&
      one.principals !== undefined &&
      namesAccount(one.principals, request.principal) &&
      applies(one, request),
  );
}

function applies(statement: Statement, { action, resource, context }: AccessRequest): boolean {
  const isAction = (pattern: string) => globMatches(glob(pattern.toLowerCase()), action.toLowerCase());
  const isResource = (pattern: string) => {
    const expanded = expand(pattern, context);
    return expanded !== undefined && globMatches(expanded, resource);
  };
  const { actions, notActions, resources, notResources, conditions } = statement;
  return (
    (actions?.some(isAction) ?? true) &&
    !notActions?.some(isAction) &&
    (resources?.some(isResource) ?? true) &&
    !notResources?.some(isResource) &&
    conditions.every((condition) => conditionHolds(condition, context))
  );
}

function isNamed(principals: Principals, principal: Principal, effect: Statement['effect']): boolean {
  if (principals === '*' || principals.AWS?.includes('*')) return true;
  if (principal.service !== undefined) return principals.Service?.includes(principal.service) ?? false;
  const ids = [principal.arn, principal.roleArn, principal.roleId];
  return principals.AWS?.some((id) => ids.includes(id)) || (effect === 'Deny' && namesAccount(principals, principal));
}

function namesAccount(principals: Principals, { accountId }: Principal): boolean {
  if (principals === '*') return true;
  return (principals.AWS ?? []).some((id) => id === accountId || id.endsWith(`:iam::${accountId}:root`));
}
