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
  return evaluate(statements, request, () => true);
}

/**
 * The verdict of a resource policy. An Allow for the account (its root) only delegates to the account's identity
 * policies, so it does not count; a Deny for the account does.
 */
export function evaluateResource(statements: readonly Statement[], request: AccessRequest): PolicyVerdict {
  return evaluate(statements, request, (statement) => {
    const names = (principals: Principals) => isNamed(principals, request.principal, statement.effect);
    if (statement.principals !== undefined) return names(statement.principals);
    return statement.notPrincipals !== undefined && !names(statement.notPrincipals);
  });
}

/**
 * Whether the policy of a resource allows the request to the account (its root), which leaves the decision to the
 * account's identity policies.
 */
export function delegatesToAccount(statements: readonly Statement[], request: AccessRequest): boolean {
  const verdict = evaluate(
    statements.filter(({ effect }) => effect === 'Allow'),
    request,
    ({ principals }) => principals !== undefined && namesAccount(principals, request.principal),
  );
  return verdict === 'Allow';
}

function evaluate(
  statements: readonly Statement[],
  request: AccessRequest,
  isAboutPrincipal: (statement: Statement) => boolean,
): PolicyVerdict {
  let verdict: PolicyVerdict = 'None';
  for (const statement of statements) {
    if (statement.effect === 'Allow' && verdict === 'Allow') continue;
    if (!isAboutPrincipal(statement) || !applies(statement, request)) continue;
    if (statement.effect === 'Deny') return 'Deny';
    verdict = 'Allow';
  }
  return verdict;
}

function applies(statement: Statement, { action, resource, context }: AccessRequest): boolean {
  const lowerAction = action.toLowerCase();
  const isAction = (pattern: string) => globMatches(glob(pattern.toLowerCase()), lowerAction);
  if (statement.actions && !statement.actions.some(isAction)) return false;
  if (statement.notActions?.some(isAction)) return false;
  const isResource = (pattern: string) => {
    const expanded = expand(pattern, context);
    return expanded !== undefined && globMatches(expanded, resource);
  };
  if (statement.resources && !statement.resources.some(isResource)) return false;
  if (statement.notResources?.some(isResource)) return false;
  return statement.conditions.every((condition) => conditionHolds(condition, context));
}

function isNamed(principals: Principals, principal: Principal, effect: Statement['effect']): boolean {
  if (principals === '*') return true;
  if (principals.AWS?.includes('*')) return true;
  if (principal.service !== undefined && principals.Service?.includes(principal.service)) return true;
  const ids = [principal.arn, principal.roleArn, principal.roleId];
  if (principals.AWS?.some((id) => ids.includes(id))) return true;
  return effect === 'Deny' && principal.service === undefined && namesAccount(principals, principal);
}

function namesAccount(principals: Principals, { accountId }: Principal): boolean {
  if (principals === '*') return true;
  return (principals.AWS ?? []).some((id) => id === accountId || id.endsWith(`:iam::${accountId}:root`));
}
