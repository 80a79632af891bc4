import { Expect, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';

/** Settings of the app. */
export interface LlmAppProps {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Two stacks: `LlmData` with the bucket, deployed first so that a model can be uploaded, and `Llm`. */
export function llmApp({ outdir, waitTime, pollInterval }: LlmAppProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'LlmData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.KMS,
    enforceSSL: true,
    eventBridgeEnabled: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  // Your image: a container that serves the files below llm/.
  const image = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/llm:1`;
  const s3DataSource = { s3Uri: bucket.s3UrlForObject('llm/'), s3DataType: 'S3Prefix', compressionType: 'None' };
  new SagemakerEndpoint(new Stack(app, 'Llm'), 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { primaryContainer: { image, modelDataSource: { s3DataSource } } } }],
    endpointConfigProps: {
      productionVariants: [
        {
          variantName: 'AllTraffic',
          instanceType: 'ml.g5.2xlarge',
          initialInstanceCount: 1,
          // Downloading a large model and loading it takes longer than the defaults.
          modelDataDownloadTimeoutInSeconds: 1800,
          containerStartupHealthCheckTimeoutInSeconds: 1800,
        },
      ],
    },
    endpointProps: { endpointName: 'Llm', endpointConfigName: 'llm' },
    // Written last, so that no half of an upload is served.
    marker: 'llm/_SUCCESS',
    smokeTests: [{ payload: '{"inputs":"Hi"}', contentType: 'application/json', expect: Expect.contains('text') }],
    waitTime,
    pollInterval,
  });
  return app;
}
