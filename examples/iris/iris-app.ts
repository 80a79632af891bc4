import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { NAMES } from './names.ts';

/** Settings of the endpoint. */
export interface IrisSettings {
  /** @default 2 */
  readonly instanceCount?: number;
  /** Environment variables of the model's container. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Settings of the app. */
export interface IrisAppProps extends IrisSettings {
  /** Folder of the cloud assembly. @default cdk.out with the CDK CLI, else a temporary folder */
  readonly outdir?: string;
  /** Least age of an upload before it is served. @default the construct's */
  readonly waitTime?: Duration;
  /** How often to poll the endpoint while it is updating. @default the construct's */
  readonly pollInterval?: Duration;
}

/** Two stacks: one with the bucket, deployed first so that a model can be uploaded, and one with the endpoint. */
export function irisApp(props: IrisAppProps = {}): App {
  const app = new App({ outdir: props.outdir, analyticsReporting: false });

  const data = new Stack(app, NAMES.dataStack);
  const bucket = new Bucket(data, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    versioned: true,
    eventBridgeEnabled: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, NAMES.endpointStack);
  const role = modelRole(stack, bucket);
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsProps: [
      {
        modelName: 'iris',
        props: {
          executionRoleArn: role.roleArn,
          primaryContainer: {
            // Your image: a container that serves the model archive.
            image: `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}/iris:1`,
            modelDataUrl: `s3://${bucket.bucketName}/${NAMES.modelKey}`,
            environment: props.environment,
          },
        },
      },
    ],
    endpointConfigProps: {
      endpointConfigName: 'iris',
      productionVariants: [
        {
          variantName: 'AllTraffic',
          modelName: 'iris',
          instanceType: 'ml.m5.large',
          initialInstanceCount: props.instanceCount ?? 2,
        },
      ],
    },
    endpointProps: { endpointName: 'Iris', endpointConfigName: 'iris' },
    modelsBucket: bucket,
    waitTime: props.waitTime,
    pollInterval: props.pollInterval,
  });
  new CfnOutput(stack, 'EndpointName', { value: endpoint.attrEndpointName });
  return app;
}

/** Lets SageMaker pull the image, read the model data and write logs and metrics. */
export function modelRole(stack: Stack, bucket: IBucket): Role {
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  bucket.grantRead(role, `${NAMES.modelKey}*`);
  role.addManagedPolicy(
    new ManagedPolicy(stack, 'ModelPolicy', {
      statements: [
        new PolicyStatement({
          actions: [
            'ecr:GetAuthorizationToken',
            'ecr:BatchCheckLayerAvailability',
            'ecr:GetDownloadUrlForLayer',
            'ecr:BatchGetImage',
            'logs:CreateLogGroup',
            'logs:CreateLogStream',
            'logs:DescribeLogStreams',
            'logs:PutLogEvents',
            'cloudwatch:PutMetricData',
          ],
          resources: ['*'],
        }),
      ],
    }),
  );
  return role;
}
