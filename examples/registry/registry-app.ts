import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';

/**
 * Two stacks: `RegistryData` with a group of the Model Registry and the bucket of its model data, deployed first so
 * that a package can be approved, and `Registry` with an endpoint that serves the newest approved package.
 */
export function registryApp({ outdir, waitTime, pollInterval }: ExampleProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });

  const data = new Stack(app, 'RegistryData');
  const group = new CfnModelPackageGroup(data, 'Group', { modelPackageGroupName: 'iris' });
  group.applyRemovalPolicy(RemovalPolicy.RETAIN);
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Registry');
  const approved = ModelSource.approvedPackage(group.modelPackageGroupName, { targetBuckets: [bucket] });
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [{ props: { primaryContainer: scikitLearnContainer(stack, approved.modelDataUrl) } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'iris-approved', endpointConfigName: 'iris-approved' },
    waitTime,
    pollInterval,
  });
  new CfnOutput(stack, 'EndpointName', { value: endpoint.attrEndpointName });
  return app;
}
