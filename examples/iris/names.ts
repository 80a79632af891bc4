/** What the CDK app and the demo both call things. */
export const NAMES = {
  /** Stack with the bucket; its output BucketName names it. */
  dataStack: 'IrisData',
  /** Stack with the endpoint; its output EndpointName names it. */
  endpointStack: 'Iris',
  /** What the loop and `freshpoint` call the endpoint. */
  endpointId: 'Iris/Endpoint',
  /** S3 key that the model loads. */
  modelKey: 'iris/model.tar.gz',
} as const;
