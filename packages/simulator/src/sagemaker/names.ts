import { type Account, arn } from '../core/account.ts';
import { checkMember } from '../core/constraint.ts';
import { constraint } from './errors.ts';

/** ARN of a version in a model package group. */
export const packageArn = (account: Account, group: string, version: number | string): string =>
  arn(account, 'sagemaker', `model-package/${group}/${version}`);

const NAME_PATTERN = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** Throws ValidationException unless an endpoint, config, model, group or variant can have this name. */
export function checkName(path: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw constraint(path, name, 'not be null');
  checkMember(path, name, { max: 63, pattern: NAME_PATTERN });
}

const REGION = '[a-z]{2}-(?:[a-z]+-)+[0-9]+';
const S3_HOST = String.raw`s3(?:\.dualstack)?(?:[.-]${REGION})?\.amazonaws\.com(?:\.cn)?`;
const S3_URIS = [
  /^s3:\/\/([^/]+)\/?(.*)$/s,
  new RegExp(String.raw`^https://([^/]+)\.${S3_HOST}/?(.*)$`, 's'),
  new RegExp(`^https://${S3_HOST}/([^/]+)/?(.*)$`, 's'),
];

/** Splits `s3://bucket/key` or one of S3's https URLs; undefined if it is neither. */
export function parseS3Uri(uri: string): { bucket: string; key: string } | undefined {
  const [, bucket, key] = S3_URIS.map((form) => form.exec(uri)).find((match) => match !== null) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}
