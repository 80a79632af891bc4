import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, Aws, CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { NAMES } from './names.ts';

/** What a deployment may change about the endpoint. */
export interface IrisSettings {
  /** @default 2 */
  readonly instanceCount?: number;
  /** Of the model's container. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Settings of the app that a laptop wants shorter than an account does, and those that it changes. */
export interface IrisAppProps extends IrisSettings {
  /** Where the cloud assembly is written. Default: as the CDK CLI says, else a temporary folder. */
  readonly outdir?: string;
  /** How old an upload must be before it is taken. Default: the construct's. */
  readonly waitTime?: Duration;
  /** How often an endpoint that is being updated is looked at. Default: the construct's. */
  readonly pollInterval?: Duration;
}

/** Two stacks: the bucket, so that the first model can be uploaded, then the endpoint that serves it. */
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
            // Yours: a container that serves `code/inference.mjs` from the archive.
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
  // SageMaker reads the model with this role as soon as the model is made.
  for (const model of endpoint.models) model.node.addDependency(role);
  new CfnOutput(stack, 'EndpointName', { value: endpoint.attrEndpointName });
  return app;
}

/** What SageMaker needs to pull the image, read the model and write its logs. */
function modelRole(stack: Stack, bucket: IBucket): Role {
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
