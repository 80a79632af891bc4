import { SagemakerEndpoint } from '@freshpoint/cdk';
import type { ExampleProps } from '@freshpoint-examples/shared/example-props';
import { scikitLearnContainer } from '@freshpoint-examples/shared/scikit-learn';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { modelRole } from './model-role.ts';

/** Settings of the app. */
export interface AdoptAppProps extends ExampleProps {
  /** Whether Freshpoint has the endpoint, or its stack declares it by hand. */
  readonly owner: 'freshpoint' | 'hand';
}

/** An endpoint that was declared by hand, and the same endpoint once its stack declares it with Freshpoint. */
export function adoptApp({ owner, outdir, waitTime, pollInterval }: AdoptAppProps): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'AdoptData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Adopt');
  const executionRoleArn = modelRole(stack, bucket).roleArn;
  const primaryContainer = scikitLearnContainer(stack, bucket.s3UrlForObject('iris/model.tar.gz'));
  const variant = { variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 };
  const endpointName = 'iris-adopted';

  if (owner === 'hand') {
    const { attrModelName } = new CfnModel(stack, 'Model', { executionRoleArn, primaryContainer });
    const config = new CfnEndpointConfig(stack, 'Config', {
      productionVariants: [{ ...variant, modelName: attrModelName, initialVariantWeight: 1 }],
    });
    new CfnEndpoint(stack, 'Endpoint', { endpointName, endpointConfigName: config.attrEndpointConfigName });
    return app;
  }
  const adopted = new SagemakerEndpoint(stack, 'Serving', {
    modelsBucket: bucket,
    modelsProps: [{ props: { executionRoleArn, primaryContainer } }],
    endpointConfigProps: { productionVariants: [variant] },
    endpointProps: { endpointName, endpointConfigName: 'iris' },
    waitTime,
    pollInterval,
  });
  // The id that the endpoint has in the deployed template: CloudFormation updates it, and creates no second one.
  adopted.endpoint.overrideLogicalId('Endpoint');
  return app;
}
