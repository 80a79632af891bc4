import { AwsError } from '../core/aws-error.ts';
import { isRecord } from '../core/is-record.ts';
import { type Condition, parseCondition } from './condition.ts';

/** The principals of a statement: `*` for everyone, or ids by kind (`AWS`, `Service`, `Federated`, `CanonicalUser`). */
export type Principals = '*' | Readonly<Record<string, readonly string[]>>;

/** One statement, normalized. Exactly one of each pair `x` and `notX` is set. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly principals?: Principals;
  readonly notPrincipals?: Principals;
  readonly conditions: readonly Condition[];
}

/** `identity`: of a role; `resource`: of a queue, bucket, key or function; `trust`: who may assume a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A policy as it was given, and parsed. */
export interface PolicyText {
  readonly text: string;
  readonly statements: readonly Statement[];
}

const STATEMENT_ELEMENTS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

const malformed = (reason: string) => new AwsError('MalformedPolicyDocument', reason, 400);

/**
 * Reads a policy, given as JSON text or parsed. Throws AwsError MalformedPolicyDocument, also for elements that the
 * evaluator does not know, so that nothing is allowed by mistake.
 */
export function parsePolicy(document: unknown, kind: PolicyKind): Statement[] {
  const policy = typeof document === 'string' ? parseJson(document) : document;
  if (!isRecord(policy)) throw malformed('Syntax errors in policy.');
  checkKnown(policy, ['Version', 'Id', 'Statement'], 'policy');
  if (policy.Version !== undefined && policy.Version !== '2012-10-17' && policy.Version !== '2008-10-17') {
    throw malformed(`Unknown policy version: ${String(policy.Version)}.`);
  }
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (statements.length === 0) throw malformed('Missing required field Statement cannot be empty!');
  return statements.map((statement) => parseStatement(statement, kind));
}

/** Reads a policy given to IAM's API, which takes text only. Throws AwsError MalformedPolicyDocument. */
export function readPolicy(text: unknown, kind: PolicyKind): PolicyText {
  if (typeof text !== 'string') throw malformed('The policy must be JSON text.');
  return { text, statements: parsePolicy(text, kind) };
}

function parseStatement(statement: unknown, kind: PolicyKind): Statement {
  if (!isRecord(statement)) throw malformed('Missing required field Statement cannot be empty!');
  checkKnown(statement, STATEMENT_ELEMENTS, 'statement');
  const effect = statement.Effect;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}.`);
  checkExactlyOne(statement, 'Action', 'NotAction');
  if (kind === 'trust') {
    if ('Resource' in statement || 'NotResource' in statement) throw malformed('Has prohibited field Resource.');
  } else {
    checkExactlyOne(statement, 'Resource', 'NotResource');
  }
  if (kind === 'identity') {
    if ('Principal' in statement || 'NotPrincipal' in statement) {
      throw malformed('Policy document should not specify a principal.');
    }
  } else {
    checkExactlyOne(statement, 'Principal', 'NotPrincipal');
  }
  const actions = strings(statement.Action, 'Action');
  const notActions = strings(statement.NotAction, 'NotAction');
  for (const action of [...(actions ?? []), ...(notActions ?? [])]) {
    if (action !== '*' && !/^[\w-]+:[\w*?]+$/.test(action)) {
      throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    }
  }
  return {
    effect,
    actions,
    notActions,
    resources: strings(statement.Resource, 'Resource'),
    notResources: strings(statement.NotResource, 'NotResource'),
    principals: principals(statement.Principal),
    notPrincipals: principals(statement.NotPrincipal),
    conditions: parseCondition(statement.Condition),
  };
}

/**
 * The statement as a resource's policy is kept: with the unique ids of the roles that it names, so that it does not
 * hold for a role that is created later with the same name. An ARN of no role stays.
 */
export function withRoleIds(statement: Statement, roleId: (arn: string) => string | undefined): Statement {
  const withIds = (named: Principals | undefined) =>
    named === undefined || named === '*' || !named.AWS
      ? named
      : { ...named, AWS: named.AWS.map((id) => roleId(id) ?? id) };
  return {
    ...statement,
    principals: withIds(statement.principals),
    notPrincipals: withIds(statement.notPrincipals),
  };
}

function principals(value: unknown): Principals | undefined {
  if (value === undefined) return undefined;
  if (value === '*') return '*';
  if (!isRecord(value)) throw malformed('Invalid principal in policy.');
  checkKnown(value, ['AWS', 'Service', 'Federated', 'CanonicalUser'], 'principal');
  return Object.fromEntries(Object.entries(value).map(([kind, ids]) => [kind, strings(ids, 'Principal') ?? []]));
}

function strings(value: unknown, element: string): string[] | undefined {
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((item): item is string => typeof item === 'string' && item !== '')) {
    throw malformed(`Policy statement must contain ${element.toLowerCase()}s, as strings.`);
  }
  return list;
}

function checkExactlyOne(statement: Record<string, unknown>, name: string, notName: string): void {
  if (name in statement === notName in statement) {
    throw malformed(`Policy statement must contain exactly one of ${name} and ${notName}.`);
  }
}

function checkKnown(value: Record<string, unknown>, known: readonly string[], owner: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw malformed(`Syntax errors in policy: unknown element ${key} of ${owner}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('Syntax errors in policy.');
  }
}
