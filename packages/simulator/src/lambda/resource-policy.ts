import type { AddPermissionRequest } from '@aws-sdk/client-lambda';
import type { Account } from '../core/account.ts';
import { resourceConflict, resourceNotFound } from './errors.ts';
import type { LambdaFunction, PolicyStatement } from './function-state.ts';

/** Adds the statement and returns it. Throws ResourceConflictException if its id exists. */
export function addStatement(account: Account, fn: LambdaFunction, input: AddPermissionRequest): PolicyStatement {
  if (fn.policy.some((statement) => statement.Sid === input.StatementId)) {
    throw resourceConflict(
      `The statement id (${input.StatementId}) provided already exists. ` +
        'Please provide a new statement id, or remove the existing statement.',
    );
  }
  const statement: PolicyStatement = {
    Sid: input.StatementId ?? '',
    Effect: 'Allow',
    Principal: principal(account, input.Principal ?? ''),
    Action: input.Action ?? '',
    Resource: fn.arn,
    ...((input.SourceArn !== undefined || input.SourceAccount !== undefined) && {
      Condition: {
        ...(input.SourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': input.SourceAccount } }),
        ...(input.SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
      },
    }),
  };
  fn.policy.push(statement);
  return statement;
}

export function removeStatement(fn: LambdaFunction, statementId: string): void {
  const index = fn.policy.findIndex((statement) => statement.Sid === statementId);
  if (index === -1) throw resourceNotFound(`Statement ${statementId} is not found in resource policy.`);
  fn.policy.splice(index, 1);
}

/** The policy as JSON; undefined without statements. */
export function functionPolicyDocument(fn: LambdaFunction): string | undefined {
  if (fn.policy.length === 0) return undefined;
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: fn.policy });
}

function principal(account: Account, given: string): PolicyStatement['Principal'] {
  if (given === '*') return '*';
  if (/^\d{12}$/.test(given)) return { AWS: `arn:${account.partition}:iam::${given}:root` };
  return given.startsWith('arn:') ? { AWS: given } : { Service: given };
}
