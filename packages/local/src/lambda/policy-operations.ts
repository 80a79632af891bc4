import type { Operation } from '../core/cloud.ts';
import { findFunction, type LambdaContext } from './context.ts';
import { invalidMember, resourceNotFound } from './errors.ts';
import type { LambdaFunction } from './function-state.ts';
import { requestedFunctionArn } from './names.ts';
import { type AddPermissionInput, addStatement, policyDocument, removeStatement } from './resource-policy.ts';

interface FunctionInput {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

/** AddPermission, RemovePermission, GetPolicy. */
export function policyOperations(context: LambdaContext): Record<string, Operation> {
  const { account, ids } = context.deps;
  const on = (action: string) => (input: FunctionInput) => [
    { action: `lambda:${action}`, resource: requestedFunctionArn(account, input.FunctionName) },
  ];
  const changed = (fn: LambdaFunction) => {
    fn.revisionId = ids.uuid();
    context.extras.setResourcePolicy?.(fn.arn, policyDocument(fn));
  };
  return {
    AddPermission: {
      permissions: on('AddPermission'),
      run: (input: FunctionInput & AddPermissionInput) => {
        const fn = findFunction(context, input.FunctionName, input.Qualifier);
        if (!/^[a-zA-Z0-9-_]{1,100}$/.test(input.StatementId)) {
          throw invalidMember(input.StatementId, 'statementId', 'satisfy regular expression pattern: ([a-zA-Z0-9-_]+)');
        }
        const statement = addStatement(account, fn, input);
        changed(fn);
        return { Statement: JSON.stringify(statement) };
      },
    },
    RemovePermission: {
      permissions: on('RemovePermission'),
      run: (input: FunctionInput & { StatementId: string }) => {
        const fn = findFunction(context, input.FunctionName, input.Qualifier);
        removeStatement(fn, input.StatementId);
        changed(fn);
        return {};
      },
    },
    GetPolicy: {
      permissions: on('GetPolicy'),
      run: (input: FunctionInput) => {
        const fn = findFunction(context, input.FunctionName, input.Qualifier);
        const document = policyDocument(fn);
        if (document === undefined) throw resourceNotFound();
        return { Policy: document, RevisionId: fn.revisionId };
      },
    },
  };
}
