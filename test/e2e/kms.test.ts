import { ModelData, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Stage, type Template } from './stage.ts';

const KEY = 'model.tar.gz';

/** Sources and slot data in buckets with keys of their own; the endpoint knows only the ARN of the model's role. */
function encryptedApp(outdir: string): App {
  const app = new App({ outdir, analyticsReporting: false });
  const data = new Stack(app, 'Data');
  const bucketOf = (id: string) =>
    new Bucket(data, id, {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: new Key(data, `${id}Key`),
      removalPolicy: RemovalPolicy.RETAIN,
    });
  const [models, copies] = [bucketOf('Models'), bucketOf('Copies')];
  new CfnOutput(data, 'BucketName', { value: models.bucketName });

  const stack = new Stack(app, 'Endpoints');
  const role = new Role(stack, 'ModelRole', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
  new SagemakerEndpoint(stack, 'iris', {
    modelsProps: [
      {
        props: {
          executionRoleArn: role.roleArn,
          primaryContainer: { image: 'iris:1', modelDataUrl: `s3://${models.bucketName}/${KEY}` },
        },
      },
    ],
    endpointConfigProps: {
      productionVariants: [{ variantName: 'All', instanceType: 'ml.m5.large', initialInstanceCount: 1 }],
    },
    endpointProps: { endpointName: 'iris', endpointConfigName: 'any' },
    modelsBucket: models,
    modelData: ModelData.perSlot({ bucket: copies }),
    waitTime: Duration.seconds(1),
    pollInterval: Duration.seconds(1),
  });
  return app;
}

/** Removes every permission for keys from the matching roles. */
function withoutKeys(roles: RegExp): (stackName: string, template: Template) => void {
  return (_, { Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (!/^AWS::IAM::(Managed)?Policy$/.test(Type) || !roles.test(JSON.stringify(Properties.Roles ?? ''))) continue;
      const document = Properties.PolicyDocument as { Statement: { Action: string | string[] }[] };
      document.Statement = document.Statement.filter(({ Action }) => !String(Action).startsWith('kms:'));
    }
  };
}

async function withStage(
  edit: Parameters<typeof Stage.open>[0],
  work: (stage: Stage, bucket: string) => Promise<void>,
) {
  const stage = await Stage.open({ app: encryptedApp, ...edit });
  try {
    const { BucketName = '' } = await stage.deploy('Data');
    await stage.upload(BucketName, KEY, 'v1');
    await work(stage, BucketName);
  } finally {
    await stage.close();
  }
}

describe('sources and slot data that are encrypted with KMS', () => {
  test('are read, copied and loaded with the permissions that the construct grants', async () => {
    await withStage({}, async (stage, bucket) => {
      await stage.deploy('Endpoints');
      await stage.untilServes('iris', 'v1');
      await stage.upload(bucket, KEY, 'v2');
      await stage.untilServes('iris', 'v2');
      expect(stage.denials).toEqual([]);
    });
  });

  test('are not copied by a refresher without permission to use the keys', async () => {
    await withStage({ edit: withoutKeys(/FreshpointRefresher/) }, async (stage) => {
      stage.deploy('Endpoints').catch(() => undefined);
      const denial = await stage.until('the use of a key is denied', () => stage.denials[0]);
      expect(denial.message).toMatch(/kms:(Decrypt|GenerateDataKey)/);
    });
  });

  test('are not loaded by a fleet whose role has no permission to use the key', async () => {
    await withStage({ edit: withoutKeys(/ModelRole|Fn::Select/) }, async (stage) => {
      await expect(stage.deploy('Endpoints')).rejects.toThrow(/Failed to download model data/);
    });
  });
});
