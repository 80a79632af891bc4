import { AwsError } from '../core/aws-error.ts';

/** HTTP 400, as SageMaker's control plane rejects nearly everything. */
export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** `kind` as in SageMaker's messages. */
export type Kind = 'endpoint' | 'endpoint configuration' | 'model';

export const notFound = (kind: Kind, arn: string): AwsError => validation(`Could not find ${kind} "${arn}".`);

export const alreadyExists = (kind: Kind, arn: string): AwsError =>
  validation(`Cannot create already existing ${kind} "${arn}".`);

export const inProgress = (arn: string): AwsError => validation(`Cannot update in-progress endpoint "${arn}".`);

/** A member that breaks the API's model, in the words of its validator. `path` as `endpointName`. */
export function constraint(path: string, value: unknown, rule: string): AwsError {
  const shown = value === undefined ? 'null' : `'${String(value)}'`;
  return validation(
    `1 validation error detected: Value ${shown} at '${path}' failed to satisfy constraint: Member must ${rule}`,
  );
}
