import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';

/** HTTP 400, with which SageMaker's control plane rejects nearly everything. */
export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** For a member that breaks the API's model, e.g. at `endpointName`. `rule` completes "Member must …". */
export const constraint = (path: string, value: unknown, rule: string): AwsError =>
  validation(constraintMessage(path, value, rule));
