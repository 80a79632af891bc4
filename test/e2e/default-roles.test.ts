import { EndpointDashboard, GuardedDeployment, SagemakerEndpoint } from '@freshpoint/cdk';
import { type EndpointSpec, historyPrefix, specParameterName, stateKey } from '@freshpoint/cdk/contract';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stage } from './stage.ts';

const ID = 'Serving/Endpoint';
const KEY = 'model.tar.gz';

/** An endpoint whose model has no execution role, and a role of its operators. */
function defaultRolesApp(outdir: string): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const bucket = new Bucket(data, 'Models', { versioned: true, removalPolicy: RemovalPolicy.RETAIN });
  new CfnOutput(data, 'BucketName', { value: bucket.bucketName });

  const stack = new Stack(app, 'Serving');
  const image = `${stack.account}.dkr.ecr.${stack.region}.${stack.urlSuffix}/iris:1`;
  const endpoint = new SagemakerEndpoint(stack, 'Endpoint', {
    modelsProps: [{ props: { primaryContainer: { image, modelDataUrl: bucket.s3UrlForObject(KEY) } } }],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: 'Iris', endpointConfigName: 'any' },
    modelsBucket: bucket,
    guardedDeployment: GuardedDeployment.allAtOnce({ bakeTime: Duration.seconds(1) }),
    waitTime: Duration.seconds(1),
    pollInterval: Duration.seconds(1),
  });
  endpoint.autoScale('All', { min: 1, max: 2 });
  new EndpointDashboard(stack, 'Dashboard', { endpoints: [endpoint] });
  const operator = new Role(stack, 'Operator', { assumedBy: new AccountPrincipal(stack.account) });
  endpoint.grantOperate(operator);
  new CfnOutput(stack, 'OperatorArn', { value: operator.roleArn });
  return app;
}

describe('the roles that the construct creates', () => {
  let stage: Stage;
  let bucket: string;
  let operatorArn: string;
  beforeAll(async () => {
    stage = await Stage.open({ app: defaultRolesApp });
    ({ BucketName: bucket = '' } = await stage.deploy('Data'));
    await stage.upload(bucket, KEY, 'v1');
    ({ OperatorArn: operatorArn = '' } = await stage.deploy('Serving'));
  });
  afterAll(() => stage?.close());

  test('let an endpoint whose models have no execution role serve and refresh', async () => {
    await stage.upload(bucket, KEY, 'v2');
    await stage.untilServes('Iris', 'v2');
    expect(stage.denials).toEqual([]);
  });

  test('let an operator read and write the state, and request reconciliations, and no more', async () => {
    const caller = { arn: `${operatorArn}/session`, roleArn: operatorArn };
    const call = (service: string, action: string, input: object) =>
      stage.runtime.cloud.call(service, action, input, caller);
    const { Parameters } = await call('ssm', 'GetParameters', { Names: [specParameterName(ID)] });
    const {
      store,
      queueUrl: QueueUrl,
      endpointName: EndpointName,
      stackId,
      configs,
      data,
    } = JSON.parse(Parameters[0].Value) as EndpointSpec;
    const { bucket: Bucket } = store;
    const state = { Bucket, Key: stateKey(store) };
    const { Contents } = await call('s3', 'ListObjectsV2', { Bucket, Prefix: historyPrefix(store) });
    for (const [service, action, input] of [
      ['ssm', 'GetParametersByPath', { Path: '/freshpoint', Recursive: true }],
      ['s3', 'GetObject', state],
      ['s3', 'GetObject', { Bucket, Key: Contents[0].Key }],
      ['s3', 'PutObject', { ...state, Body: '{}' }],
      ['s3', 'PutObject', { Bucket, Key: `${historyPrefix(store)}record.json`, Body: '{}' }],
      ['cloudformation', 'DescribeStacks', { StackName: stackId }],
      ['sqs', 'SendMessage', { QueueUrl, MessageBody: '{}' }],
      ['sagemaker', 'DescribeEndpoint', { EndpointName }],
    ] as const) {
      await expect(call(service, action, input), action).resolves.toBeDefined();
    }
    for (const [service, action, input] of [
      ['s3', 'PutObject', { Bucket, Key: `${data?.root}a/0/model.tar.gz`, Body: '' }],
      ['s3', 'DeleteObject', state],
      ['sagemaker', 'UpdateEndpoint', { EndpointName, EndpointConfigName: configs.a }],
      ['sqs', 'ReceiveMessage', { QueueUrl }],
    ] as const) {
      await expect(call(service, action, input), action).rejects.toThrow(/not authorized|denied/i);
    }
  });
});
