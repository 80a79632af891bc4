import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';

/** HTTP 400, with which SageMaker's control plane rejects nearly everything. */
export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** Kinds of resources, as named in SageMaker's messages. */
export type ResourceKind = 'endpoint' | 'endpoint configuration' | 'model';

export const notFound = (kind: ResourceKind, arn: string): AwsError => validation(`Could not find ${kind} "${arn}".`);

export const alreadyExists = (kind: ResourceKind, arn: string): AwsError =>
  validation(`Cannot create already existing ${kind} "${arn}".`);

export const inProgress = (arn: string): AwsError => validation(`Cannot update in-progress endpoint "${arn}".`);

/** For a member that breaks the API's model, e.g. at `endpointName`. `rule` completes "Member must …". */
export const constraint = (path: string, value: unknown, rule: string): AwsError =>
  validation(constraintMessage(path, value, rule));
