import { Expect, SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { FactName } from 'aws-cdk-lib/region-info';

/** AWS's image for large models, with vLLM. It serves a model of Hugging Face's format. */
const IMAGE = 'djl-inference:0.36.0-lmi20.0.0-cu128';

/** Two stacks: `LlmData` with the bucket, deployed first so that a model can be uploaded, and `Llm`. */
export function llmApp({ outdir, waitTime, pollInterval }: ExampleProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'LlmData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.KMS,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Llm');
  const account = stack.regionalFact(FactName.DLC_REPOSITORY_ACCOUNT);
  const image = `${account}.dkr.ecr.${stack.region}.${stack.urlSuffix}/${IMAGE}`;
  const s3DataSource = { s3Uri: bucket.s3UrlForObject('llm/'), s3DataType: 'S3Prefix', compressionType: 'None' };
  new SagemakerEndpoint(stack, 'Endpoint', {
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
