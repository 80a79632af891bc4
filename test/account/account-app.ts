import { SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AccountRootPrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnModelPackageGroup } from 'aws-cdk-lib/aws-sagemaker';
import type { InstanceType } from './cost.ts';
import { CONTAINER_ENVIRONMENT } from './model-archive.ts';
import { MODEL_KEY, PROBE_FOLDER, VARIANT } from './places.ts';
import type { RunNames } from './run-names.ts';

const SWEEP_MINUTES = 15;

export interface AccountAppProps {
  readonly names: RunNames;
  readonly env: { readonly account: string; readonly region: string };
  readonly image: string;
  readonly instanceType: InstanceType;
  /** Path of the archive that the first deployment serves. */
  readonly firstModel: string;
  readonly waitSeconds: number;
  readonly outdir: string;
}

/** One stack: an endpoint that keeps itself fresh, and what the probes need. */
export function accountApp({ names, env, image, instanceType, ...props }: AccountAppProps): App {
  const app = new App({ outdir: props.outdir, analyticsReporting: false });
  const stack = new Stack(app, names.stack, { env });
  const bucket = new Bucket(stack, 'Models', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    versioned: true,
    // The run empties and deletes it.
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const wait = Duration.seconds(props.waitSeconds);
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsBucket: bucket,
    modelsProps: [
      {
        modelName: names.prefix,
        props: {
          primaryContainer: {
            image,
            modelDataUrl: bucket.s3UrlForObject(MODEL_KEY),
            environment: CONTAINER_ENVIRONMENT,
          },
        },
        initialModelData: new Asset(stack, 'FirstModel', { path: props.firstModel }),
      },
    ],
    endpointConfigProps: {
      endpointConfigName: names.prefix,
      productionVariants: [{ variantName: VARIANT, instanceType, initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: names.endpoint, endpointConfigName: names.endpoint },
    waitTime: wait,
    // A bucket's first events may get lost: EventBridge takes minutes to begin.
    sweepInterval: Duration.minutes(SWEEP_MINUTES),
    pollInterval: wait,
  });
  const { executionRole } = endpoint;
  if (!executionRole) throw new Error('The construct made no execution role.');
  bucket.grantRead(executionRole, `${PROBE_FOLDER}*`);
  new CfnOutput(stack, 'ModelsBucket', { value: bucket.bucketName });
  new CfnOutput(stack, 'ExecutionRoleArn', { value: executionRole.roleArn });
  addFixtures(stack, names, { bucket, executionRoleArn: executionRole.roleArn });
  return app;
}

/** A key, an alarm, a package group, and a role that lacks the permissions that probes ask about. */
function addFixtures(stack: Stack, names: RunNames, use: { bucket: Bucket; executionRoleArn: string }): void {
  const key = new Key(stack, 'Key', { removalPolicy: RemovalPolicy.DESTROY, pendingWindow: Duration.days(7) });
  new Alarm(stack, 'Errors', {
    alarmName: names.alarm,
    metric: new Metric({
      namespace: 'AWS/SageMaker',
      metricName: 'Invocation5XXErrors',
      dimensionsMap: { EndpointName: names.spare, VariantName: VARIANT },
    }),
    threshold: 1000,
    evaluationPeriods: 1,
  });
  new CfnModelPackageGroup(stack, 'Packages', { modelPackageGroupName: names.packageGroup });
  const role = new Role(stack, 'LimitedRole', { assumedBy: new AccountRootPrincipal() });
  const arn = (resource: string) =>
    stack.formatArn({ service: 'sagemaker', resource, resourceName: `${names.prefix}*` });
  role.addToPolicy(
    new PolicyStatement({
      actions: ['sagemaker:UpdateEndpoint'],
      resources: [arn('endpoint'), arn('endpoint-config')],
    }),
  );
  role.addToPolicy(new PolicyStatement({ actions: ['iam:PassRole'], resources: [use.executionRoleArn] }));
  role.addToPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [use.bucket.arnForObjects(`${PROBE_FOLDER}*`)] }),
  );
  new CfnOutput(stack, 'KeyArn', { value: key.keyArn });
  new CfnOutput(stack, 'LimitedRoleArn', { value: role.roleArn });
}
