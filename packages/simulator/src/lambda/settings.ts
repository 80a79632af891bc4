import type { CreateFunctionRequest } from '@aws-sdk/client-lambda';
import type { Account } from '../core/account.ts';
import { RESERVED_VARIABLES } from './environment-variables.ts';
import { checkRange, invalidMember, invalidParameter } from './errors.ts';
import type { FunctionSettings, LambdaFunction } from './function-state.ts';

/** Members that are stored and returned, without effect here. */
const STORED_MEMBERS = [
  'DeadLetterConfig',
  'VpcConfig',
  'KMSKeyArn',
  'SnapStart',
  'FileSystemConfigs',
  'ImageConfig',
] as const satisfies (keyof CreateFunctionRequest)[];

/** The members of CreateFunction and UpdateFunctionConfiguration that make up the settings. */
type SettingsInput = Partial<
  Pick<CreateFunctionRequest, Exclude<keyof FunctionSettings, 'others'> | (typeof STORED_MEMBERS)[number]>
>;

/** Maximum size of a function's own environment variables, as JSON. */
const MAX_ENVIRONMENT_BYTES = 4_096;

/** Merges `input` into `before`, or into Lambda's defaults. Throws AwsError. */
export function mergeSettings(name: string, input: SettingsInput, before?: FunctionSettings): FunctionSettings {
  const others: Record<string, unknown> = { ...before?.others };
  for (const member of STORED_MEMBERS) if (input[member] !== undefined) others[member] = input[member];
  const settings: FunctionSettings = {
    Role: input.Role ?? before?.Role ?? '',
    PackageType: (input.PackageType ?? before?.PackageType) === 'Image' ? 'Image' : 'Zip',
    Runtime: input.Runtime ?? before?.Runtime,
    Handler: input.Handler ?? before?.Handler,
    Description: input.Description ?? before?.Description ?? '',
    Timeout: Number(input.Timeout ?? before?.Timeout ?? 3),
    MemorySize: Number(input.MemorySize ?? before?.MemorySize ?? 128),
    Environment: {
      Variables: input.Environment ? { ...input.Environment.Variables } : (before?.Environment.Variables ?? {}),
    },
    Architectures: input.Architectures ?? before?.Architectures ?? ['x86_64'],
    EphemeralStorage: input.EphemeralStorage ?? before?.EphemeralStorage ?? { Size: 512 },
    TracingConfig: { Mode: input.TracingConfig?.Mode ?? before?.TracingConfig.Mode ?? 'PassThrough' },
    LoggingConfig: {
      LogFormat: 'Text',
      LogGroup: `/aws/lambda/${name}`,
      ...(input.LoggingConfig ?? before?.LoggingConfig),
    },
    Layers: input.Layers ?? before?.Layers ?? [],
    others,
  };
  checkSettings(settings);
  return settings;
}

function checkSettings(settings: FunctionSettings): void {
  if (!/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@\-/]+$/.test(settings.Role)) {
    const pattern = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+';
    throw invalidMember(settings.Role, 'role', `satisfy regular expression pattern: ${pattern}`);
  }
  if (settings.PackageType === 'Zip') {
    if (!settings.Runtime || !settings.Handler) {
      throw invalidParameter(
        'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
      );
    }
    if (!/^[^\s]{1,128}$/.test(settings.Handler)) {
      throw invalidMember(settings.Handler, 'handler', 'satisfy regular expression pattern: [^\\s]+');
    }
  }
  checkRange(settings.Timeout, 'timeout', 1, 900);
  checkRange(settings.MemorySize, 'memorySize', 128, 10_240);
  checkVariables(settings.Environment.Variables);
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const prefix =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  const names = Object.keys(variables);
  for (const name of names) {
    if (!/^[a-zA-Z]\w+$/.test(name) && !RESERVED_VARIABLES.includes(name)) {
      throw invalidMember(name, 'environment.variables', 'satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+');
    }
  }
  const reserved = names.filter((name) => RESERVED_VARIABLES.includes(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      `${prefix} contains reserved keys that are currently not supported for modification. ` +
        `Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > MAX_ENVIRONMENT_BYTES) {
    throw invalidParameter(`${prefix} exceeded the 4KB limit. String measured: ${measured}`);
  }
}

/** FunctionConfiguration, as most operations return it. A function is Active as soon as it is created. */
export function configurationOf(account: Account, fn: LambdaFunction): Record<string, unknown> {
  const { settings } = fn;
  const { Environment, Layers, others, PackageType, Runtime, Handler, ...rest } = settings;
  return {
    FunctionName: fn.name,
    FunctionArn: fn.arn,
    ...rest,
    PackageType,
    ...(PackageType === 'Zip' && { Runtime, Handler }),
    ...(Object.keys(Environment.Variables).length > 0 && { Environment }),
    ...(Layers.length > 0 && { Layers: Layers.map((layer) => ({ Arn: layer })) }),
    ...others,
    CodeSize: fn.code.size,
    CodeSha256: fn.code.sha256,
    Version: '$LATEST',
    RevisionId: fn.revisionId,
    LastModified: new Date(fn.lastModifiedMs).toISOString().replace('Z', '+0000'),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    ...(PackageType === 'Zip' && {
      RuntimeVersionConfig: {
        RuntimeVersionArn: `arn:${account.partition}:lambda:${account.region}::runtime:${'0'.repeat(64)}`,
      },
    }),
  };
}
