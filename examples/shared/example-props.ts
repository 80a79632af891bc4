import type { Duration } from 'aws-cdk-lib';

/** Settings of each example, for tests: on AWS, none is needed. */
export interface ExampleProps {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Settings of an example that is deployed with its first model. */
export interface FirstModelProps extends ExampleProps {
  /** Path of the first model's archive. @default 'model.tar.gz', in the folder where the app runs */
  readonly firstModel?: string;
}
