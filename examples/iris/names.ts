import { join } from 'node:path';

/** Names in the app that its clients need. */
export const NAMES = {
  /** The stack. Its outputs `BucketName` and `EndpointName` are the names of the bucket and the endpoint. */
  stack: 'Iris',
  /** Identifies the endpoint in the controller's log and in the `freshpoint` command. */
  endpointId: 'Iris/Endpoint',
  /** S3 key of the model data. */
  modelKey: 'iris/model.tar.gz',
} as const;

/** The folder with the code of the model archives. */
export const CODE_FOLDER = join(import.meta.dirname, 'code');
