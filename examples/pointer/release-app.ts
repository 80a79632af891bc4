import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';

/** Two stacks: `ReleaseData` with the buckets of the pointer and of the archives, deployed first, and `Release`. */
export function releaseApp({ outdir, waitTime, pollInterval }: ExampleProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'ReleaseData');
  const [pointers, archives] = ['Pointers', 'Archives'].map((id) => {
    const bucket = new Bucket(data, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(data, `${id}Name`, { value: bucket.bucketName });
    return bucket;
  }) as [Bucket, Bucket];

  // What may write the pointer decides what serves; what may write archives does not.
  const released = ModelSource.pointer(pointers, 'fraud/current.txt', { targetBuckets: [archives] });
  const stack = new Stack(app, 'Release');
  new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: pointers,
    modelsProps: [{ props: { primaryContainer: scikitLearnContainer(stack, released.modelDataUrl) } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'fraud', endpointConfigName: 'fraud' },
    waitTime,
    pollInterval,
  });
  return app;
}
