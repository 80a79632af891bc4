import type { CreateFunctionRequest, LogFormat, LoggingConfig } from '@aws-sdk/client-lambda';
import { checkMember } from '../core/constraint.ts';
import { checkRange, invalidParameter } from './errors.ts';

/**
 * The members of CreateFunction and UpdateFunctionConfiguration that are stored and described, with their defaults.
 * Most have no effect here.
 */
const DEFAULT_SETTINGS = {
  Role: undefined,
  PackageType: 'Zip',
  Runtime: undefined,
  Handler: undefined,
  Description: '',
  Timeout: 3,
  MemorySize: 128,
  Environment: undefined,
  Architectures: ['x86_64'],
  EphemeralStorage: { Size: 512 },
  TracingConfig: { Mode: 'PassThrough' },
  LoggingConfig: undefined,
  Layers: [],
  DeadLetterConfig: undefined,
  VpcConfig: undefined,
  KMSKeyArn: undefined,
  SnapStart: undefined,
  FileSystemConfigs: undefined,
  ImageConfig: undefined,
} satisfies Partial<CreateFunctionRequest>;

const MEMBERS = Object.keys(DEFAULT_SETTINGS) as (keyof typeof DEFAULT_SETTINGS)[];

/** Settings as requests give them. */
export type SettingsInput = Partial<Pick<CreateFunctionRequest, keyof typeof DEFAULT_SETTINGS>>;

/** A function's settings, with defaults for those that the requests left out. */
export interface FunctionSettings extends SettingsInput {
  readonly Role: string;
  /** In seconds. */
  readonly Timeout: number;
  /** In MB. */
  readonly MemorySize: number;
  readonly Environment?: { readonly Variables: Record<string, string> };
  readonly LoggingConfig: LoggingConfig & { readonly LogFormat: LogFormat; readonly LogGroup: string };
  readonly Layers: string[];
}

/** Variables that Lambda sets and a function cannot. */
const RESERVED_VARIABLES: readonly string[] = (
  '_HANDLER _X_AMZN_TRACE_ID AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EXECUTION_ENV ' +
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION ' +
  'AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API ' +
  'AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT'
).split(' ');

/** Maximum size of a function's own environment variables, as JSON. */
const MAX_ENVIRONMENT_BYTES = 4_096;

/** Merges `input` into `before`. Throws AwsError. */
export function mergeSettings(
  name: string,
  input: SettingsInput,
  before: SettingsInput = DEFAULT_SETTINGS,
): FunctionSettings {
  const merged = Object.fromEntries(
    MEMBERS.map((member) => [member, input[member] ?? before[member]]),
  ) as SettingsInput;
  const settings: FunctionSettings = {
    ...merged,
    Role: merged.Role ?? '',
    // CloudFormation passes numbers as text, too.
    Timeout: Number(merged.Timeout),
    MemorySize: Number(merged.MemorySize),
    Environment: merged.Environment && { Variables: { ...merged.Environment.Variables } },
    LoggingConfig: {
      LogFormat: 'Text',
      LogGroup: `/aws/lambda/${name}`,
      ...(merged.LoggingConfig?.LogFormat === 'JSON' && { ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' }),
      ...merged.LoggingConfig,
    },
    Layers: merged.Layers ?? [],
  };
  checkSettings(settings);
  return settings;
}

function checkSettings({ Role, PackageType, Runtime, Handler, ...settings }: FunctionSettings): void {
  checkMember('role', Role, { pattern: /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role[/]?[a-zA-Z_0-9+=,.@\-_/]+$/ });
  checkMember('handler', Handler, { max: 128, pattern: /^\S*$/ });
  checkRange(settings.Timeout, 'timeout', 1, 900);
  checkRange(settings.MemorySize, 'memorySize', 128, 10_240);
  checkRange(Number(settings.EphemeralStorage?.Size), 'ephemeralStorage.size', 512, 10_240);
  checkMember('architectures', String(settings.Architectures), { oneOf: ['x86_64', 'arm64'] });
  if (PackageType !== 'Image' && (!Runtime || !Handler)) {
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  if (Runtime !== undefined && !/^(nodejs|python|java|ruby|dotnet|provided|go)[\w.]*$/.test(Runtime)) {
    throw invalidParameter(
      `Value ${Runtime} at 'runtime' failed to satisfy constraint: Member must be one of Lambda's runtimes, ` +
        'such as nodejs24.x.',
    );
  }
  checkVariables(settings.Environment?.Variables ?? {});
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const refused = (reason: string) =>
    invalidParameter(
      'Lambda was unable to configure your environment variables because the environment variables you have ' +
        `provided ${reason}`,
    );
  const names = Object.keys(variables);
  const reserved = names.filter((name) => RESERVED_VARIABLES.includes(name));
  if (reserved.length > 0) {
    throw refused(
      'contains reserved keys that are currently not supported for modification. ' +
        `Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  for (const name of names) checkMember('environment.variables', name, { pattern: /^[a-zA-Z]([a-zA-Z0-9_])+$/ });
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > MAX_ENVIRONMENT_BYTES) {
    throw refused(`exceeded the 4KB limit. String measured: ${measured}`);
  }
}
