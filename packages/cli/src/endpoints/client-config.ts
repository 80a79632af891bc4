/** `--profile` and `--region`, as the AWS CLI has them. Absent: from the environment and the profile. */
export interface ClientConfig {
  readonly profile?: string;
  readonly region?: string;
}

/** The settings, by the AWS CLI's rules: it reads AWS_DEFAULT_REGION, too, which the SDK does not. */
export function clientConfig(
  { profile, region }: ClientConfig,
  { AWS_REGION, AWS_DEFAULT_REGION }: NodeJS.ProcessEnv,
): ClientConfig {
  const chosen = region ?? AWS_REGION ?? AWS_DEFAULT_REGION;
  return { ...(profile !== undefined && { profile }), ...(chosen !== undefined && { region: chosen }) };
}

/** Settings of S3's client: a service at an address of its own has no host name per bucket. */
export function s3Config(config: ClientConfig): ClientConfig & { readonly forcePathStyle: boolean } {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  return { ...config, forcePathStyle: (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined };
}
