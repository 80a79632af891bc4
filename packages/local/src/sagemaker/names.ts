import { type Account, arn } from '../core/account.ts';
import { constraint } from './errors.ts';

type Name = string | undefined;

/** ARNs have names in lower case: names that differ only in case are the same resource. */
export const endpointArn = (account: Account, name: Name): string => resourceArn(account, 'endpoint', name);
export const configArn = (account: Account, name: Name): string => resourceArn(account, 'endpoint-config', name);
export const modelArn = (account: Account, name: Name): string => resourceArn(account, 'model', name);

function resourceArn(account: Account, type: string, name: Name): string {
  return arn(account, 'sagemaker', `${type}/${String(name).toLowerCase()}`);
}

const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** Throws ValidationException unless an endpoint, config, model or variant can have this name. */
export function checkName(path: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw constraint(path, name, 'not be null');
  if (name.length > 63) throw constraint(path, name, 'have length less than or equal to 63');
  if (!NAME_PATTERN.test(name)) {
    throw constraint(path, name, 'satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}');
  }
}

/** Splits `s3://bucket/key`; undefined if it is no such URI. */
export function parseS3Uri(uri: string): { bucket: string; key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}
