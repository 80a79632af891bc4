/** The credential scope of a SigV4 signature. The signature itself is not checked. */
export interface SigningScope {
  readonly accessKeyId: string;
  /** As signed: `s3`, `sqs`, `sagemaker`, … */
  readonly service: string;
}

/** Reads the scope from the Authorization header or a presigned URL's query. Undefined: the request is unsigned. */
export function signingScope(authorization: string | undefined, query: URLSearchParams): SigningScope | undefined {
  const credential =
    /^AWS4-\S+ +(?:.*[ ,])?Credential=([^,\s]+)/.exec(authorization ?? '')?.[1] ?? query.get('X-Amz-Credential');
  if (!credential) return undefined;
  // KEY/date/region/service/aws4_request; SigV4a has no region.
  const parts = credential.split('/');
  const accessKeyId = parts[0];
  const service = parts.at(-2);
  return parts.length >= 4 && accessKeyId && service ? { accessKeyId, service } : undefined;
}
