import { type LambdaContext, lambdaOperations, onFunction } from './context.ts';
import { invalidMember, resourceConflict, resourceNotFound } from './errors.ts';
import type { LambdaFunction } from './function.ts';

/** AddPermission, RemovePermission, GetPolicy. */
export function functionPolicyOperations(context: LambdaContext) {
  const { deps, extras } = context;
  const changed = (fn: LambdaFunction) => {
    fn.revisionId = deps.ids.uuid();
    extras.setResourcePolicy?.(fn.arn, policyOf(fn));
  };
  return lambdaOperations(context, {
    AddPermission: onFunction(context, (fn, { StatementId: Sid = '', Principal, Action, SourceAccount, SourceArn }) => {
      if (!/^[\w-]{1,100}$/.test(Sid)) {
        throw invalidMember(Sid, 'statementId', 'satisfy regular expression pattern: ([a-zA-Z0-9-_]+)');
      }
      if (fn.policy.has(Sid)) {
        const advice = 'Please provide a new statement id, or remove the existing statement.';
        throw resourceConflict(`The statement id (${Sid}) provided already exists. ${advice}`);
      }
      const conditions = {
        ...(SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': SourceAccount } }),
        ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
      };
      const statement = {
        ...{ Sid, Effect: 'Allow', Principal: principal(Principal, deps.account.partition), Action, Resource: fn.arn },
        ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
      };
      fn.policy.set(Sid, statement);
      changed(fn);
      return { Statement: JSON.stringify(statement) };
    }),
    RemovePermission: onFunction(context, (fn, { StatementId = '' }) => {
      if (!fn.policy.delete(StatementId)) {
        throw resourceNotFound(`Statement ${StatementId} is not found in resource policy.`);
      }
      changed(fn);
    }),
    GetPolicy: onFunction(context, (fn) => {
      const Policy = policyOf(fn);
      if (Policy === undefined) throw resourceNotFound();
      return { Policy, RevisionId: fn.revisionId };
    }),
  });
}

/** The policy as JSON; undefined without statements. */
function policyOf({ policy }: LambdaFunction): string | undefined {
  if (policy.size === 0) return undefined;
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: [...policy.values()] });
}

/** The element of a statement for a service, an ARN, an account's id or `*`. */
function principal(given = '', partition: string): string | Record<string, string> {
  if (given === '*') return given;
  if (/^\d{12}$/.test(given)) return { AWS: `arn:${partition}:iam::${given}:root` };
  return given.startsWith('arn:') ? { AWS: given } : { Service: given };
}
