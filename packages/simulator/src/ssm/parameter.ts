import type { Tag } from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import { constraintMessage } from '../core/constraint.ts';

export type ParameterType = 'String' | 'StringList';
export type Tier = 'Standard' | 'Advanced';

/** The longest value per tier, in bytes. */
const MAX_VALUE_BYTES: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 };

/** Versions that a parameter keeps: the next one replaces the oldest. */
const MAX_VERSIONS = 100;

/** Characters of a name. */
const MAX_NAME_LENGTH = 1011;

/** Levels of a name that is a path. */
const MAX_LEVELS = 15;

/** Names in one request. */
const MAX_NAMES = 10;

/** One version of a parameter. */
export interface ParameterVersion {
  readonly version: number;
  readonly type: ParameterType;
  readonly value: string;
  readonly tier: Tier;
  readonly dataType: string;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly modifiedAt: Date;
  readonly modifiedBy: string;
}

/** A parameter with its history, oldest first; never empty. */
export interface Parameter {
  readonly name: string;
  readonly versions: ParameterVersion[];
  readonly tags: Map<string, string>;
}

export function latest(parameter: Parameter): ParameterVersion {
  const version = parameter.versions.at(-1);
  if (!version) throw new Error(`Parameter ${parameter.name} has no version`);
  return version;
}

export function addVersion(parameter: Parameter, version: ParameterVersion): void {
  parameter.versions.push(version);
  if (parameter.versions.length > MAX_VERSIONS) parameter.versions.shift();
}

export function setTags(parameter: Parameter, tags: readonly Tag[] | undefined): void {
  for (const { Key = '', Value = '' } of tags ?? []) parameter.tags.set(Key, Value);
}

/** Throws AwsError ValidationException, HierarchyLevelLimitExceededException. */
export function checkParameterName(name: string): string {
  if (name === '') throw ssmValidationError(constraintMessage('name', undefined, 'not be null'));
  if (!/^[\w./-]+$/.test(name) || name.includes('//') || (name.includes('/') && !name.startsWith('/'))) {
    throw ssmValidationError(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ' +
        'sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the ' +
        'following 3 symbols .-_',
    );
  }
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw ssmValidationError('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  }
  if (name.length > MAX_NAME_LENGTH) {
    throw ssmValidationError(`Parameter name: can have at most ${MAX_NAME_LENGTH} characters.`);
  }
  if (name.split('/').length - 1 > MAX_LEVELS) {
    throw new AwsError(
      'HierarchyLevelLimitExceededException',
      `A hierarchy can have a maximum of ${MAX_LEVELS} levels. ` +
        'For more information, see Requirements and constraints for parameter names.',
    );
  }
  return name;
}

/** Throws AwsError ValidationException unless there are 1 to 10 names. */
export function checkParameterNames(names: readonly string[] | undefined): readonly string[] {
  if (!Array.isArray(names) || names.length < 1) {
    throw ssmValidationError(constraintMessage('names', names, 'have length greater than or equal to 1'));
  }
  if (names.length > MAX_NAMES) {
    throw ssmValidationError(constraintMessage('names', names, `have length less than or equal to ${MAX_NAMES}`));
  }
  return names;
}

/** Throws AwsError ValidationException, UnsupportedParameterType. */
export function checkParameterType(type: string | undefined): ParameterType {
  if (type === 'String' || type === 'StringList') return type;
  if (type === undefined) throw ssmValidationError('A parameter type is required when you create a parameter.');
  if (type !== 'SecureString') {
    const rule = 'satisfy enum value set: [SecureString, StringList, String]';
    throw ssmValidationError(constraintMessage('type', type, rule));
  }
  throw new AwsError(
    'UnsupportedParameterType',
    'The local runtime does not simulate parameters of type SecureString.',
  );
}

const DATA_TYPES = ['text', 'aws:ec2:image', 'aws:ssm:integration'];

/** Throws AwsError ValidationException. */
export function checkDataType(dataType: string): string {
  if (DATA_TYPES.includes(dataType)) return dataType;
  throw ssmValidationError(
    `The following data type is not supported: ${dataType} (Data type names are all lowercase.)`,
  );
}

/** Throws AwsError ValidationException. */
export function checkParameterValue(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw ssmValidationError(`${constraintMessage('value', '', 'have length greater than or equal to 1')}.`);
}

/** Throws AwsError InvalidAllowedPatternException, ParameterPatternMismatchException. */
export function checkAllowedPattern({ allowedPattern, value, type }: ParameterVersion): void {
  if (allowedPattern === undefined || allowedPattern === '') return;
  let pattern: RegExp;
  try {
    pattern = new RegExp(allowedPattern);
  } catch {
    throw new AwsError(
      'InvalidAllowedPatternException',
      'The request does not meet the regular expression requirement.',
    );
  }
  const parts = type === 'StringList' ? value.split(',') : [value];
  if (parts.every((part) => pattern.test(part))) return;
  throw new AwsError(
    'ParameterPatternMismatchException',
    `Parameter value, cannot be validated against allowedPattern: ${allowedPattern}`,
  );
}

/**
 * The tier of the new version. Intelligent-Tiering takes Advanced only for a value that Standard cannot hold.
 * Throws AwsError ValidationException.
 */
export function chooseTier(requested: string | undefined, value: string, current: Tier | undefined): Tier {
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes > MAX_VALUE_BYTES.Advanced) {
    throw ssmValidationError(
      `Parameter value can't exceed the service limit of ${MAX_VALUE_BYTES.Advanced} characters. ` +
        'Verify the length of the parameter value and try again.',
    );
  }
  const needed: Tier = sizeBytes > MAX_VALUE_BYTES.Standard ? 'Advanced' : 'Standard';
  if (requested === 'Advanced') return 'Advanced';
  if (requested === 'Intelligent-Tiering') return current === 'Advanced' ? 'Advanced' : needed;
  if (requested !== undefined && requested !== 'Standard') {
    const rule = 'satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]';
    throw ssmValidationError(constraintMessage('tier', requested, rule));
  }
  if (requested === 'Standard' && current === 'Advanced') {
    throw ssmValidationError(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter " +
        'tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as ' +
        'a standard parameter.',
    );
  }
  if (current === 'Advanced') return 'Advanced';
  if (needed === 'Advanced') {
    throw ssmValidationError(
      `Standard tier parameters support a maximum parameter value of ${MAX_VALUE_BYTES.Standard} characters. ` +
        'To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. ' +
        'For more information, see ' +
        'https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    );
  }
  return 'Standard';
}

export function ssmValidationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
