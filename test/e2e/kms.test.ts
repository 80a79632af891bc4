import { ModelData, SagemakerEndpoint } from '@freshpoint/cdk';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Stage, type Template } from './stage.ts';

const KEY = 'model.tar.gz';

/** Sources and copies in buckets with keys of their own; of the models' role the endpoint knows the ARN alone. */
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

/** Takes every permission for keys away from the roles of one kind. */
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

describe('sources and copies that are encrypted with KMS', () => {
  test('are read, copied and loaded by nobody but whom the construct lets', async () => {
    await withStage({}, async (stage, bucket) => {
      await stage.deploy('Endpoints');
      await stage.untilServes('iris', 'v1');
      await stage.upload(bucket, KEY, 'v2');
      await stage.untilServes('iris', 'v2');
      expect(stage.denials).toEqual([]);
    });
  });

  test('are not copied by a refresher that may not use the keys', async () => {
    await withStage({ edit: withoutKeys(/FreshpointRefresher/) }, async (stage) => {
      stage.deploy('Endpoints').catch(() => undefined);
      const denial = await stage.until('a key is refused', () => stage.denials[0]);
      expect(denial.message).toMatch(/kms:(Decrypt|GenerateDataKey)/);
    });
  });

  test('are not loaded by a fleet whose role may not use the key', async () => {
    await withStage({ edit: withoutKeys(/ModelRole|Fn::Select/) }, async (stage) => {
      await expect(stage.deploy('Endpoints')).rejects.toThrow(/Failed to download model data/);
    });
  });
});
