import { malformed } from './errors.ts';
import {
  checkActions,
  checkEffect,
  type PolicyKind,
  type PolicyText,
  parsePolicy,
  type Statement,
} from './policy-document.ts';

const LEGACY_PARSING = 'The policy failed legacy parsing';
const IAM_PATHS =
  'user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, ' +
  'saml-provider/, oidc-provider/, report/, access-report/';
const TRUST_ACTION =
  /^sts:(AssumeRole(WithSAML|WithWebIdentity)?|TagSession|Set(SourceIdentity|Context)|Get\w+|Decode\w+|.*\*.*)$/i;
/** Seconds since 1970, or an ISO 8601 date of which all but the year can be absent. */
const DATE =
  /^(\d{1,18}|-?\d{1,9}(-(0?[1-9]|1[0-2])(-([0-2]?\d|3[01]))?)?(T|T\d{1,2}(:\d{1,2}(:\d{1,2}(\.\d{1,9})?(Z|\+\d\d(:\d\d)?)?)?)?)?)$/i;

/**
 * Reads a policy given to IAM's API, which takes text only, and checks more than what the evaluator needs. Throws
 * AwsError MalformedPolicyDocument. The order of checks and their messages are AWS's, as moto's authors found them.
 */
export function readPolicy(text: unknown, kind: PolicyKind | 'managed'): PolicyText {
  if (typeof text !== 'string') throw malformed('The policy must be JSON text.');
  const statements = parsePolicy(text, kind === 'managed' ? 'identity' : kind, (parsed, version) => {
    if (kind === 'managed' && version !== '2012-10-17') {
      throw malformed('Policy document must be version 2012-10-17 or greater.');
    }
    checkGrammar(parsed);
  });
  if (kind === 'trust' && statements.some(({ actions }) => !actions?.every((action) => TRUST_ACTION.test(action)))) {
    throw malformed(
      'Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and ' +
        'sts:AssumeRoleWithWebIdentity',
    );
  }
  return { text, statements };
}

function checkGrammar(statements: readonly Statement[]): void {
  for (const statement of statements) checkEffect(statement);
  const dates = statements.flatMap(({ conditions }) =>
    conditions.filter(({ operator }) => operator.startsWith('Date')),
  );
  if (!dates.every(({ values }) => values.every((value) => DATE.test(value)))) throw malformed(LEGACY_PARSING);
  const resources = statements.flatMap(({ resources = [], notResources = [] }) => [...resources, ...notResources]);
  const problem = resources.sort().map(resourceProblem).find(Boolean);
  if (problem === LEGACY_PARSING) throw malformed(problem);
  const sids = statements.flatMap(({ sid }) => sid || []);
  if (new Set(sids).size < sids.length) throw malformed('Statement IDs (SID) in a single policy must be unique.');
  for (const statement of statements) checkActions(statement);
  if (problem !== undefined) throw malformed(problem);
}

/** What is wrong with a resource's ARN. */
function resourceProblem(resource: string): string | undefined {
  if (resource === '*') return undefined;
  const [, partition, service, region, account, ...rest] = resource.split(':');
  const id = rest.join(':');
  if (partition === undefined) return `Resource ${resource} must be in ARN format or "*".`;
  if (!/^(\*|aws[a-z-]*)$/.test(partition)) {
    const arn = [partition, service ?? '*', region ?? '*', account ?? '*', rest.length === 0 ? '*' : id].join(':');
    return `Partition "${partition}" is not valid for resource "arn:${arn}".`;
  }
  if (service === undefined) return 'Resource vendor must be fully qualified and cannot contain regexes.';
  if (region && service === 'iam') return `IAM resource ${resource} cannot contain region information.`;
  if (region && service === 's3' && !id.startsWith('accesspoint/')) {
    return `Resource ${resource} can not contain region information.`;
  }
  if (
    service === 'iam' &&
    id !== '' &&
    !id.startsWith('*') &&
    !IAM_PATHS.split(', ').some((path) => id.startsWith(path))
  ) {
    return `IAM resource path must either be "*" or start with ${IAM_PATHS}.`;
  }
  const isShort = rest.length === 0 && resource.includes('::');
  return isShort || service === '' ? LEGACY_PARSING : undefined;
}
