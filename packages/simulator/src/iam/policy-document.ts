import { isRecord } from '../core/is-record.ts';
import { type Condition, parseCondition } from './condition.ts';
import { malformed, syntaxError } from './errors.ts';

/** The principals of a statement: `*` for everyone, or ids by kind (`AWS`, `Service`, `Federated`, `CanonicalUser`). */
export type Principals = '*' | Readonly<Record<string, readonly string[]>>;

/** One statement. Of each pair `x` and `notX`, one at most is set. */
export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly principals?: Principals;
  readonly notPrincipals?: Principals;
  readonly conditions: readonly Condition[];
}

/** A policy as it was given, and parsed. */
export interface PolicyText {
  readonly text: string;
  readonly statements: readonly Statement[];
}

/** `identity`: of a role; `resource`: of a queue, bucket, key or function; `trust`: who may assume a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

const PAIRS = ['Action', 'Resource', 'Principal'];

/**
 * Reads a policy, given as JSON text or parsed. Throws AwsError MalformedPolicyDocument, also for elements that the
 * evaluator does not know, so that nothing is allowed by mistake. `checkGrammar` can refuse more.
 */
export function parsePolicy(
  document: unknown,
  kind: PolicyKind,
  checkGrammar: (statements: readonly Statement[], version: unknown) => void = () => undefined,
): Statement[] {
  const policy = typeof document === 'string' ? parseJson(document) : document;
  if (!isRecord(policy)) throw syntaxError('A policy must be an object.');
  checkElements(policy, 'policy', ['Version', 'Id', 'Statement']);
  if (!['undefined', 'string'].includes(typeof policy.Id)) throw syntaxError('Id must be a string.');
  if (policy.Version !== undefined && policy.Version !== '2012-10-17' && policy.Version !== '2008-10-17') {
    throw syntaxError(`Unknown policy version: ${String(policy.Version)}.`);
  }
  const written: unknown[] = policy.Statement === undefined ? [] : [policy.Statement].flat();
  if (written.length === 0) throw syntaxError('Statement cannot be empty.');
  const statements = written.map(parseStatement);
  checkGrammar(statements, policy.Version);
  for (const statement of statements) checkStatement(statement, kind);
  return statements;
}

function parseStatement(statement: unknown): Statement {
  if (!isRecord(statement)) throw syntaxError('A statement must be an object.');
  checkElements(statement, 'statement', [
    'Sid',
    'Effect',
    'Condition',
    ...PAIRS.flatMap((name) => [name, `Not${name}`]),
  ]);
  for (const name of PAIRS) {
    if (name in statement && `Not${name}` in statement) {
      throw syntaxError(`A statement must contain exactly one of ${name} and Not${name}.`);
    }
  }
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') throw syntaxError('Sid must be a string.');
  if (!/^(allow|deny)$/i.test(String(effect))) throw syntaxError(`Invalid effect: ${String(effect)}.`);
  return {
    sid,
    effect: effect as Statement['effect'],
    actions: strings(statement, 'Action'),
    notActions: strings(statement, 'NotAction'),
    resources: strings(statement, 'Resource'),
    notResources: strings(statement, 'NotResource'),
    principals: principals(statement.Principal),
    notPrincipals: principals(statement.NotPrincipal),
    conditions: parseCondition(statement.Condition),
  };
}

/** Checks what each kind of policy must have, and must not have. */
function checkStatement(statement: Statement, kind: PolicyKind): void {
  const { resources = statement.notResources, principals = statement.notPrincipals } = statement;
  checkEffect(statement);
  for (const action of checkActions(statement)) checkVendor(action);
  if (kind === 'trust' && resources) throw malformed('Has prohibited field Resource.');
  if (kind !== 'trust' && !resources?.length) throw malformed('Policy statement must contain resources.');
  if (kind === 'identity' && principals) throw malformed('Policy document should not specify a principal.');
  if (kind !== 'identity' && !principals) throw malformed('Policy statement must contain principals.');
}

export function checkEffect({ effect }: Statement): void {
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('The policy failed legacy parsing');
}

export function checkActions({ actions, notActions }: Statement): readonly string[] {
  const written = actions ?? notActions ?? [];
  if (written.length === 0) throw malformed('Policy statement must contain actions.');
  return written;
}

function checkVendor(action: string): void {
  const [vendor = '', name, ...others] = action.split(':');
  if (action === '*') return;
  if (name === undefined) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  if (others.length > 0) throw malformed('Actions/Condition can contain only one colon.');
  if (/[^a-zA-Z0-9.-]/.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`);
}

/** `*`, or the ids of each kind. */
function principals(value: unknown): Principals | undefined {
  if (value === undefined || value === '*') return value;
  if (!isRecord(value)) throw malformed('Invalid principal in policy.');
  checkElements(value, 'principal', ['AWS', 'Service', 'Federated', 'CanonicalUser']);
  return Object.fromEntries(Object.keys(value).map((kind) => [kind, strings(value, kind) ?? []]));
}

function strings(owner: Record<string, unknown>, name: string): string[] | undefined {
  const value = owner[name];
  if (value === undefined) return undefined;
  // As on AWS, null in a list is nothing.
  const list: unknown[] = Array.isArray(value) ? value.filter((item) => item !== null) : [value];
  if (!list.every((item) => typeof item === 'string')) throw syntaxError(`${name} must consist of strings.`);
  return list;
}

function checkElements(value: Record<string, unknown>, owner: string, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw syntaxError(`Unknown element ${unknown} of a ${owner}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
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
