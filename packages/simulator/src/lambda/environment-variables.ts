import type { Account } from '../core/account.ts';
import type { Credentials } from '../iam/iam.ts';
import type { LambdaFunction } from './function.ts';

/** Values that differ between the environments of a function. */
interface EnvironmentValues {
  readonly logStream: string;
  readonly credentials: Credentials | undefined;
  readonly endpointUrl: string | undefined;
}

/** A function's environment variables. */
export function environmentVariables(
  { region }: Account,
  { name, code, settings }: LambdaFunction,
  { logStream, credentials, endpointUrl }: EnvironmentValues,
): Record<string, string> {
  const { LogGroup, LogFormat, ApplicationLogLevel } = settings.LoggingConfig;
  return {
    // First, so that a function can set another endpoint. It cannot set the reserved names below.
    ...(endpointUrl !== undefined && { AWS_ENDPOINT_URL: endpointUrl }),
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...settings.Environment?.Variables,
    _HANDLER: settings.Handler ?? '',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.Runtime ?? ''}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: LogGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    ...(LogFormat === 'JSON' && { AWS_LAMBDA_LOG_FORMAT: LogFormat }),
    ...(ApplicationLogLevel !== undefined && { AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel }),
    LAMBDA_TASK_ROOT: code.path,
    ...(credentials && {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
    }),
  };
}
