import type {
  ParameterHistory,
  ParameterTier,
  ParameterType,
  PutParameterCommandInput,
  Tag,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import { checkMember, constraintMessage } from '../core/constraint.ts';
import { matchesPattern } from '../core/pattern.ts';

const TYPES = ['SecureString', 'StringList', 'String'];
const TIERS = ['Standard', 'Advanced', 'Intelligent-Tiering'];
const DATA_TYPES = ['text', 'aws:ec2:image', 'aws:ssm:integration'];

/** The longest value per tier, in bytes. */
const MAX_STANDARD_BYTES = 4096;
const MAX_ADVANCED_BYTES = 8192;

/** Versions that a parameter keeps: the next one replaces the oldest. */
const MAX_VERSIONS = 100;

/** Characters of a name. */
const MAX_NAME_LENGTH = 1011;

/** Levels of a name that is a path. */
const MAX_LEVELS = 15;

/** One version of a parameter, as GetParameterHistory shows it. */
export type ParameterVersion = ParameterHistory & { readonly Version: number; readonly Value: string };

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

export function setTags(parameter: Parameter, tags: readonly Tag[] = []): void {
  for (const { Key = '', Value = '' } of tags) parameter.tags.set(Key, Value);
}

/** The parameter with one more version, or a new one. Throws AwsError for what is not allowed. */
export function putVersion(
  existing: Parameter | undefined,
  input: PutParameterCommandInput,
  modified: { readonly at: Date; readonly by: string },
): Parameter {
  const parameter: Parameter = existing ?? { name: checkedName(input.Name), versions: [], tags: new Map() };
  if (existing) checkOverwrite(input);
  const before = parameter.versions.at(-1);
  const { Value = '', Type = before?.Type, DataType = before?.DataType ?? 'text' } = input;
  if (Value === '') {
    throw ssmValidationError(`${constraintMessage('value', Value, 'have length greater than or equal to 1')}.`);
  }
  if (!DATA_TYPES.includes(DataType)) {
    throw ssmValidationError(
      `The following data type is not supported: ${DataType} (Data type names are all lowercase.)`,
    );
  }
  const version: ParameterVersion = {
    Name: parameter.name,
    Type: checkedType(Type),
    Value,
    Version: (before?.Version ?? 0) + 1,
    LastModifiedDate: modified.at,
    LastModifiedUser: modified.by,
    Description: input.Description ?? before?.Description,
    AllowedPattern: input.AllowedPattern ?? before?.AllowedPattern,
    Tier: chooseTier(input.Tier, Value, before?.Tier),
    DataType,
    Labels: [],
    Policies: [],
  };
  checkAllowedPattern(version);
  parameter.versions.push(version);
  if (parameter.versions.length > MAX_VERSIONS) parameter.versions.shift();
  return parameter;
}

function checkOverwrite({ Overwrite, Tags = [] }: PutParameterCommandInput): void {
  if (Overwrite !== true) {
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if (Tags.length > 0) {
    throw ssmValidationError(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove " +
        'overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or ' +
        'RemoveTagsFromResource.',
    );
  }
}

/** Throws AwsError ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException. */
function checkedName(name = ''): string {
  if (name === '') throw ssmValidationError(constraintMessage('name', undefined, 'not be null'));
  if (/^\/aws/i.test(name)) {
    throw new AwsError('AccessDeniedException', `No access to reserved parameter name: ${name}.`);
  }
  if (/^(aws|ssm)/i.test(name)) {
    throw ssmValidationError('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  }
  if (!/^([\w.-]+|(\/[\w.-]+)+)$/.test(name) || /^\/ssm/i.test(name)) {
    throw invalidName();
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

function checkedType(type: ParameterType | undefined): ParameterType {
  if (type === undefined) throw ssmValidationError('A parameter type is required when you create a parameter.');
  checkMember('type', type, { oneOf: TYPES });
  if (type === 'SecureString') {
    throw new AwsError('UnsupportedParameterType', 'The local runtime does not simulate the type SecureString.');
  }
  return type;
}

function checkAllowedPattern({ AllowedPattern: allowedPattern, Value, Type }: ParameterVersion): void {
  if (!allowedPattern) return;
  const parts = Type === 'StringList' ? Value.split(',') : [Value];
  let isMatch: boolean;
  try {
    isMatch = parts.every((part) => matchesPattern(allowedPattern, part));
  } catch {
    throw new AwsError(
      'InvalidAllowedPatternException',
      'The request does not meet the regular expression requirement.',
    );
  }
  if (isMatch) return;
  throw new AwsError(
    'ParameterPatternMismatchException',
    `Parameter value, cannot be validated against allowedPattern: ${allowedPattern}`,
  );
}

/**
 * The tier of the new version. Intelligent-Tiering takes Advanced only for a value that Standard cannot hold.
 * Throws AwsError ValidationException.
 */
function chooseTier(
  requested: ParameterTier | undefined,
  value: string,
  current: ParameterTier | undefined,
): ParameterTier {
  checkMember('tier', requested, { oneOf: TIERS });
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes > MAX_ADVANCED_BYTES) {
    throw ssmValidationError(
      `Parameter value can't exceed the service limit of ${MAX_ADVANCED_BYTES} characters. ` +
        'Verify the length of the parameter value and try again.',
    );
  }
  if (requested === 'Standard' && current === 'Advanced') {
    throw ssmValidationError(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter " +
        'tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as ' +
        'a standard parameter.',
    );
  }
  if (requested === 'Advanced' || current === 'Advanced') return 'Advanced';
  if (sizeBytes <= MAX_STANDARD_BYTES) return 'Standard';
  if (requested === 'Intelligent-Tiering') return 'Advanced';
  throw ssmValidationError(
    `Standard tier parameters support a maximum parameter value of ${MAX_STANDARD_BYTES} characters. ` +
      'To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. ' +
      'For more information, see ' +
      'https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
  );
}

export const invalidName = () =>
  ssmValidationError(
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ' +
      'sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the ' +
      'following 3 symbols .-_',
  );

export function ssmValidationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
