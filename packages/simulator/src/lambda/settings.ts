import type { CreateFunctionRequest, LogFormat, LoggingConfig } from '@aws-sdk/client-lambda';
import { AwsError } from '../core/aws-error.ts';
import { checkMember, constraintMessage } from '../core/constraint.ts';
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

/** In the order in which Lambda names them. */
const RUNTIMES =
  'nodejs20.x python3.14 provided.al2023 python3.12 python3.13 nodejs24.x nodejs22.x java25 python3.10 python3.11 ' +
  'java21 ruby3.3 ruby3.4 ruby3.2 python3.8 python3.9 java17 nodejs16.x dotnet10 dotnet8 java11 dotnet6 nodejs18.x ' +
  'provided.al2 java8.al2';

/** Those that Lambda had. */
const OLD_RUNTIMES =
  'nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x python2.7 python3.6 ' +
  'python3.7 java8 dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 ruby2.5 ruby2.7 go1.x provided';

const APPLICATION_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const SYSTEM_LEVELS = ['DEBUG', 'INFO', 'WARN'];

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
  checkMember('role', Role, { pattern: /arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+/ });
  checkMember('handler', Handler, { max: 128, pattern: /^\S*$/ });
  checkRange(settings.Timeout, 'timeout', 1, 900);
  checkRange(settings.MemorySize, 'memorySize', 128, 10_240);
  checkRange(Number(settings.EphemeralStorage?.Size), 'ephemeralStorage.size', 512, 10_240);
  checkArchitectures(settings.Architectures);
  const { SnapStart, TracingConfig, LoggingConfig } = settings;
  checkMember('packageType', PackageType, { oneOf: ['Zip', 'Image'] });
  checkMember('snapStart.applyOn', SnapStart?.ApplyOn, { oneOf: ['PublishedVersions', 'None'] });
  checkMember('tracingConfig.mode', TracingConfig?.Mode, { oneOf: ['Active', 'PassThrough'] });
  checkMember('loggingConfig.logFormat', LoggingConfig.LogFormat, { oneOf: ['JSON', 'Text'] });
  checkMember('loggingConfig.applicationLogLevel', LoggingConfig.ApplicationLogLevel, { oneOf: APPLICATION_LEVELS });
  checkMember('loggingConfig.systemLogLevel', LoggingConfig.SystemLogLevel, { oneOf: SYSTEM_LEVELS });
  if (PackageType !== 'Image' && (!Runtime || !Handler)) {
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  checkRuntime(Runtime);
  checkVariables(settings.Environment?.Variables ?? {});
}

function checkArchitectures(given: readonly string[] = []): void {
  checkMember('architectures', given, { max: 1 });
  if (given.every((name) => ['x86_64', 'arm64'].includes(name))) return;
  const rule = '[Member must satisfy enum value set: [x86_64, arm64], Member must not be null]';
  throw new AwsError('ValidationException', constraintMessage('architectures', given, `satisfy constraint: ${rule}`));
}

function checkRuntime(name: string | undefined): void {
  if (name === undefined || RUNTIMES.split(' ').includes(name)) return;
  if (OLD_RUNTIMES.split(' ').includes(name)) {
    throw invalidParameter(
      `The runtime parameter of ${name} is no longer supported for creating or updating AWS Lambda functions. ` +
        'We recommend you use a supported runtime while creating or updating functions.',
    );
  }
  throw invalidParameter(
    `Value ${name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ` +
      `[${RUNTIMES.replaceAll(' ', ', ')}] or be a valid ARN`,
  );
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
