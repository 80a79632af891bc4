import { SagemakerEndpoint, type SagemakerEndpointProps } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';

/** One endpoint of the app below. */
export interface EndpointSketch {
  readonly name: string;
  /** S3 key of its model data. */
  readonly key: string;
  readonly bucketEvents?: SagemakerEndpointProps['bucketEvents'];
  /** @default one second */
  readonly waitTime?: Duration;
  readonly modelData?: SagemakerEndpointProps['modelData'];
  readonly smokeTests?: SagemakerEndpointProps['smokeTests'];
}

/** A stack `Data` with a bucket, and a stack `Endpoints` with these endpoints, one instance each. */
export function endpointsApp(outdir: string, endpoints: readonly EndpointSketch[]): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const bucket = new Bucket(data, 'Models', { versioned: true, removalPolicy: RemovalPolicy.RETAIN });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Endpoints');
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  const grant = bucket.grantRead(role);
  for (const { name, key, waitTime = Duration.seconds(1), ...more } of endpoints) {
    const endpoint = new SagemakerEndpoint(stack, name, {
      modelsProps: [
        {
          modelName: name,
          props: {
            executionRoleArn: role.roleArn,
            primaryContainer: { image: 'models:1', modelDataUrl: `s3://${bucket.bucketName}/${key}` },
          },
        },
      ],
      endpointConfigProps: {
        productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
      },
      endpointProps: { endpointName: name, endpointConfigName: 'any' },
      modelsBucket: bucket,
      waitTime,
      pollInterval: Duration.seconds(1),
      ...more,
    });
    for (const model of endpoint.models) grant.applyBefore(model);
  }
  return app;
}
