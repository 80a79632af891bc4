import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListModelPackagesCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { PROBE_FOLDER } from '../places.ts';
import {
  judgeCreateGrant,
  judgeDescribeAlarms,
  judgeKmsDenial,
  judgePackagesArn,
  type LimitedUpdate,
} from './judge-calls.ts';
import type { AskedProbe, ProbeContext } from './probe.ts';
import { endOf } from './refused-call.ts';
import type { SpareEndpoint } from './spare-endpoint.ts';

const roleName = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);

/** Settings of clients that call as the role of the stack that lacks what the probes ask about. */
async function limitedConfig({ session, stack, names }: ProbeContext) {
  const assume = new AssumeRoleCommand({ RoleArn: stack.limitedRoleArn, RoleSessionName: names.prefix });
  const { Credentials } = await session.clients.sts.send(assume);
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken } = Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return { ...session.clients.config, credentials };
}

async function updateAs(
  context: ProbeContext,
  prepare: (spare: SpareEndpoint) => Promise<string>,
  alarms: readonly string[] = [],
): Promise<LimitedUpdate> {
  const client = new SageMakerClient(await limitedConfig(context));
  const spare = await context.spare();
  const config = await prepare(spare);
  const deployment =
    alarms.length === 0
      ? undefined
      : {
          BlueGreenUpdatePolicy: {
            TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE' as const, WaitIntervalInSeconds: 0 },
          },
          AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) },
        };
  const call = await endOf(spare.call(config, client, deployment));
  return call.accepted ? { call, update: await spare.ended(config) } : { call };
}

/** Probes of what is denied to a caller. They need sts:AssumeRole. */
export const LIMITED_ROLE_PROBES: readonly AskedProbe[] = [
  {
    id: 'create-grant',
    lane: 'spare',
    async ask(context) {
      const KmsKeyId = context.stack.keyArn;
      return judgeCreateGrant(await updateAs(context, (spare) => spare.nextGoodConfig({ KmsKeyId })));
    },
  },
  {
    id: 'describe-alarms',
    lane: 'spare',
    async ask(context) {
      const { stack, names } = context;
      const limited = await updateAs(context, (spare) => spare.nextGoodConfig(), [names.alarm]);
      return judgeDescribeAlarms(limited, {
        caller: roleName(stack.limitedRoleArn),
        execution: roleName(stack.executionRoleArn),
      });
    },
  },
  {
    id: 'package-list-arn',
    lane: 'services',
    async ask(context) {
      const client = new SageMakerClient(await limitedConfig(context));
      const { packageGroup } = context.names;
      const list = new ListModelPackagesCommand({ ModelPackageGroupName: packageGroup });
      return judgePackagesArn(await endOf(client.send(list)), packageGroup);
    },
  },
  {
    id: 'kms-denial',
    lane: 'services',
    async ask(context) {
      const { stack, session } = context;
      const object = { Bucket: stack.modelsBucket, Key: `${PROBE_FOLDER}encrypted` };
      const encryption = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: stack.keyArn };
      await session.clients.s3.send(new PutObjectCommand({ ...object, ...encryption, Body: 'encrypted' }));
      const client = new S3Client(await limitedConfig(context));
      return judgeKmsDenial(await endOf(client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }))));
    },
  },
];
