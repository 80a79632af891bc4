import { ModelSource, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import type { IrisAppProps } from './iris-app.ts';

/**
 * Two stacks: one with a group of the Model Registry and the bucket of its model data, deployed first so that a package
 * can be approved, and one with an endpoint that serves the newest approved package.
 */
export function registryApp({ outdir, waitTime, pollInterval }: IrisAppProps = {}): App {
  const app = new App({ outdir, analyticsReporting: false });

  const registry = new Stack(app, 'IrisRegistry');
  const group = new CfnModelPackageGroup(registry, 'Group', { modelPackageGroupName: 'iris' });
  group.applyRemovalPolicy(RemovalPolicy.RETAIN);
  const bucket = new Bucket(registry, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(registry, 'BucketName', { value: bucket.bucketName });

  const approved = ModelSource.approvedPackage(group.modelPackageGroupName, { targetBuckets: [bucket] });
  const endpoint = new SagemakerEndpoint(new Stack(app, 'IrisApproved'), 'Endpoint', {
    modelsProps: [
      {
        props: {
          primaryContainer: {
            // Your image: a container that serves the model archive.
            image: `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/iris:1`,
            modelDataUrl: approved.modelDataUrl,
          },
        },
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 }],
    },
    endpointProps: { endpointName: 'iris-approved', endpointConfigName: 'iris-approved' },
    modelsBucket: bucket,
    waitTime,
    pollInterval,
  });
  new CfnOutput(Stack.of(endpoint), 'EndpointName', { value: endpoint.attrEndpointName });
  return app;
}
