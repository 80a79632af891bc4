/** Names in the app that its clients need. */
export const NAMES = {
  /** Stack with the bucket. Its output `BucketName` is the bucket's name. */
  dataStack: 'IrisData',
  /** Stack with the endpoint. Its output `EndpointName` is the endpoint's name. */
  endpointStack: 'Iris',
  /** Identifies the endpoint in the controller's log and in the `freshpoint` command. */
  endpointId: 'Iris/Endpoint',
  /** S3 key of the model data. */
  modelKey: 'iris/model.tar.gz',
} as const;
