import { type Account, arn } from '../core/account.ts';
import { constraint } from './errors.ts';

/** The ARN lower-cases the name: two names that differ in case only are the same resource. */
export const endpointArn = (account: Account, name: string): string => of(account, 'endpoint', name);
export const configArn = (account: Account, name: string): string => of(account, 'endpoint-config', name);
export const modelArn = (account: Account, name: string): string => of(account, 'model', name);

function of(account: Account, type: string, name: string): string {
  return arn(account, 'sagemaker', `${type}/${String(name).toLowerCase()}`);
}

const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** Throws ValidationException for a name of an endpoint, config, model or variant that the API's model does not allow. */
export function checkName(path: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw constraint(path, name, 'not be null');
  if (name.length > 63) throw constraint(path, name, 'have length less than or equal to 63');
  if (!NAME_PATTERN.test(name)) {
    throw constraint(path, name, 'satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}');
  }
}

/** Splits `s3://bucket/key`; undefined when it isn't one. */
export function parseS3Uri(uri: string): { bucket: string; key: string } | undefined {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri);
  return match ? { bucket: match[1]!, key: match[2]! } : undefined;
}
