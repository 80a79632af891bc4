import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Settings of the app. */
export interface ReleaseAppProps {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Two stacks: `ReleaseData` with the buckets of the pointer and of the archives, deployed first, and `Release`. */
export function releaseApp({ outdir, waitTime, pollInterval }: ReleaseAppProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'ReleaseData');
  const [pointers, archives] = ['Pointers', 'Archives'].map((id) => {
    const bucket = new Bucket(data, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      eventBridgeEnabled: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(data, `${id}Name`, { value: bucket.bucketName });
    return bucket;
  }) as [Bucket, Bucket];

  // What may write the pointer decides what serves; what may write archives does not.
  const released = ModelSource.pointer(pointers, 'fraud/current.txt', { targetBuckets: [archives] });
  // Your image: a container that serves the model archive.
  const image = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/fraud:1`;
  new SagemakerEndpoint(new Stack(app, 'Release'), 'Endpoint', {
    modelsBucket: pointers,
    modelsProps: [{ props: { primaryContainer: { image, modelDataUrl: released.modelDataUrl } } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'fraud', endpointConfigName: 'fraud' },
    waitTime,
    pollInterval,
  });
  return app;
}
