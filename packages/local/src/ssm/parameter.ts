import { AwsError } from '../core/aws-error.ts';

export type ParameterType = 'String' | 'StringList';
export type Tier = 'Standard' | 'Advanced';

/** Longest value per tier, in bytes. */
const longestValue: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 };

/** Versions that are kept; with the next one the oldest is dropped. */
const keptVersions = 100;

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
  if (parameter.versions.length > keptVersions) parameter.versions.shift();
}

/** @throws AwsError ValidationException */
export function checkName(name: unknown): string {
  if (typeof name !== 'string' || name === '') {
    throw validation(
      "1 validation error detected: Value at 'name' failed to satisfy constraint: Member must not be null",
    );
  }
  if (!/^[\w./-]+$/.test(name) || name.includes('//') || (name.includes('/') && !name.startsWith('/'))) {
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  }
  if (name.length > 1011) throw validation('Parameter name: can have at most 1011 characters.');
  if (name.split('/').length - 1 > 15) {
    throw new AwsError(
      'HierarchyLevelLimitExceededException',
      'A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for parameter names.',
    );
  }
  return name;
}

/** The tier that the value gets: Intelligent-Tiering takes Advanced only for what Standard can't hold. @throws AwsError */
export function chooseTier(asked: unknown, value: string, current: Tier | undefined): Tier {
  const size = Buffer.byteLength(value);
  if (size > longestValue.Advanced) {
    throw validation(
      "Parameter value can't exceed the service limit of 8192 characters. Verify the length of the parameter value and try again.",
    );
  }
  const needed: Tier = size > longestValue.Standard ? 'Advanced' : 'Standard';
  if (asked === 'Advanced') return 'Advanced';
  if (asked === 'Intelligent-Tiering') return current === 'Advanced' ? 'Advanced' : needed;
  if (asked !== undefined && asked !== 'Standard') {
    throw validation(
      `1 validation error detected: Value '${String(asked)}' at 'tier' failed to satisfy constraint: Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]`,
    );
  }
  if (asked === 'Standard' && current === 'Advanced') {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    );
  }
  if (current === 'Advanced') return 'Advanced';
  if (needed === 'Advanced') {
    throw validation(
      'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    );
  }
  return 'Standard';
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
