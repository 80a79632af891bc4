import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { type IrisAppProps, modelRole } from './iris-app.ts';
import { NAMES } from './names.ts';

const ENDPOINT_NAME = 'iris-adopted';

/** Settings of the app. */
export interface AdoptAppProps extends IrisAppProps {
  /** Whether Freshpoint has the endpoint, or its stack declares it by hand. */
  readonly owner: 'freshpoint' | 'hand';
}

/** An endpoint that was declared by hand, and the same endpoint once its stack declares it with Freshpoint. */
export function adoptApp({ owner, outdir, waitTime, pollInterval }: AdoptAppProps): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'IrisAdoptedData');
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'IrisAdopted');
  const role = modelRole(stack, bucket);
  const image = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/iris:1`;
  const primaryContainer = { image, modelDataUrl: bucket.s3UrlForObject(NAMES.modelKey) };
  const variant = { variantName: 'AllTraffic', instanceType: 'ml.m5.large', initialInstanceCount: 2 };

  if (owner === 'hand') {
    const model = new CfnModel(stack, 'Model', { executionRoleArn: role.roleArn, primaryContainer });
    model.node.addDependency(role);
    const config = new CfnEndpointConfig(stack, 'Config', {
      productionVariants: [{ ...variant, modelName: model.attrModelName, initialVariantWeight: 1 }],
    });
    new CfnEndpoint(stack, 'Endpoint', {
      endpointName: ENDPOINT_NAME,
      endpointConfigName: config.attrEndpointConfigName,
    });
    return app;
  }
  const adopted = new SagemakerEndpoint(stack, 'Serving', {
    modelsBucket: bucket,
    modelsProps: [{ props: { executionRoleArn: role.roleArn, primaryContainer } }],
    endpointConfigProps: { productionVariants: [variant] },
    endpointProps: { endpointName: ENDPOINT_NAME, endpointConfigName: 'iris' },
    waitTime,
    pollInterval,
  });
  // The id that the endpoint has in the deployed template: CloudFormation updates it, and creates no second one.
  adopted.endpoint.overrideLogicalId('Endpoint');
  return app;
}
