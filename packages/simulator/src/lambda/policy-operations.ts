import type { AddPermissionRequest, GetPolicyRequest, RemovePermissionRequest } from '@aws-sdk/client-lambda';
import type { Operation } from '../core/cloud.ts';
import { type FunctionInput, findFunction, type LambdaContext, onFunction } from './context.ts';
import { invalidMember, resourceNotFound } from './errors.ts';
import type { LambdaFunction } from './function-state.ts';
import { addStatement, functionPolicyDocument, removeStatement } from './resource-policy.ts';

/** AddPermission, RemovePermission, GetPolicy. */
export function functionPolicyOperations(context: LambdaContext): Record<string, Operation> {
  const { account, ids } = context.deps;
  const find = (input: FunctionInput) => findFunction(context, input.FunctionName, input.Qualifier);
  const changed = (fn: LambdaFunction) => {
    fn.revisionId = ids.uuid();
    context.extras.setResourcePolicy?.(fn.arn, functionPolicyDocument(fn));
  };
  return onFunction(account, {
    AddPermission: (input: AddPermissionRequest) => {
      const fn = find(input);
      if (!/^[a-zA-Z0-9-_]{1,100}$/.test(input.StatementId ?? '')) {
        throw invalidMember(input.StatementId, 'statementId', 'satisfy regular expression pattern: ([a-zA-Z0-9-_]+)');
      }
      const statement = addStatement(account, fn, input);
      changed(fn);
      return { Statement: JSON.stringify(statement) };
    },
    RemovePermission: (input: RemovePermissionRequest) => {
      const fn = find(input);
      removeStatement(fn, input.StatementId ?? '');
      changed(fn);
      return {};
    },
    GetPolicy: (input: GetPolicyRequest) => {
      const fn = find(input);
      const document = functionPolicyDocument(fn);
      if (document === undefined) throw resourceNotFound();
      return { Policy: document, RevisionId: fn.revisionId };
    },
  });
}
