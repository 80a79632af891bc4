import {
  type CloudFormationClient,
  CloudFormationServiceException,
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { DeleteLogGroupCommand, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import {
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DescribeEndpointCommand,
  ListModelPackagesCommand,
  paginateListEndpointConfigs,
  paginateListEndpoints,
  paginateListModels,
} from '@aws-sdk/client-sagemaker';
import { isOfRun, type RunNames } from './run-names.ts';
import type { Clients, Pace } from './session.ts';
import { pause, waitFor } from './wait-for.ts';

export interface Deletion {
  readonly clients: Clients;
  readonly names: RunNames;
  readonly pace: Pace;
  /** The deadline of the deletion. */
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** What the stacks have made and do not delete, or what is written for it. Known before they are deleted. */
interface StackLeftovers {
  readonly buckets: Set<string>;
  readonly functions: Set<string>;
}

type Step = (deletion: Deletion, leftovers: StackLeftovers) => Promise<void>;

/** Each step finds what the run made by its names, also what a lost reply or a killed run left. */
const STEPS: readonly (readonly [what: string, step: Step])[] = [
  ['the endpoint of the probes', (deletion) => deleteEndpoint(deletion, deletion.names.spare)],
  ['the model packages', deletePackages],
  ['the stacks', deleteStacks],
  ['the endpoint configs', deleteConfigs],
  ['the models', deleteModels],
  ['the buckets', deleteBuckets],
  ['the log groups', deleteLogGroups],
];

/** Deletions that failed are tried again: stacks that were busy, logs that were written late. */
const ATTEMPTS = 3;

/**
 * Deletes everything that a run made, and nothing else. Goes on after an error. Returns what could not be deleted, with
 * why; each a line.
 */
export async function deleteRun(deletion: Deletion): Promise<string[]> {
  const leftovers: StackLeftovers = { buckets: new Set(), functions: new Set() };
  let left: string[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    left = [];
    for (const [what, step] of STEPS) {
      try {
        deletion.signal.throwIfAborted();
        await step(deletion, leftovers);
      } catch (error) {
        left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (left.length === 0 || deletion.signal.aborted) break;
    await pause(deletion.pace.pollMs, deletion.signal).catch(() => undefined);
  }
  return left;
}

/** The stack's status. Undefined if it does not exist. */
async function stackStatus(cloudformation: CloudFormationClient, StackName: string): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    const { StackStatus } = Stacks[0] ?? {};
    return StackStatus === 'DELETE_COMPLETE' ? undefined : StackStatus;
  } catch (error) {
    if (error instanceof CloudFormationServiceException && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

async function deleteStacks(deletion: Deletion, leftovers: StackLeftovers): Promise<void> {
  const { names } = deletion;
  const deleted = await Promise.allSettled(
    [names.rollbackStack, names.stack].map((name) => deleteStack(deletion, name, leftovers)),
  );
  const failed = deleted.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function deleteStack(deletion: Deletion, name: string, leftovers: StackLeftovers): Promise<void> {
  const { clients, pace, signal, print } = deletion;
  const { cloudformation } = clients;
  const patience = { ...pace, signal };
  const isIdle = (status: string | undefined) =>
    status === undefined || status === 'REVIEW_IN_PROGRESS' || !status.endsWith('_IN_PROGRESS');
  const before = await waitFor(patience, `stack ${name} is idle`, async () => {
    const status = await stackStatus(cloudformation, name);
    return isIdle(status) ? { status } : undefined;
  });
  if (before.status === undefined) return;
  await noteLeftovers(clients, name, leftovers);
  print(`Delete stack ${name}`);
  await cloudformation.send(new DeleteStackCommand({ StackName: name }));
  const after = await waitFor(patience, `stack ${name} is deleted`, async () => {
    const status = await stackStatus(cloudformation, name);
    return status === 'DELETE_IN_PROGRESS' ? undefined : { status };
  });
  if (after.status !== undefined) {
    throw new Error(`stack ${name} is ${after.status}. See its events, then delete it in the CloudFormation console.`);
  }
}

async function noteLeftovers({ cloudformation }: Clients, StackName: string, leftovers: StackLeftovers): Promise<void> {
  for await (const page of paginateListStackResources({ client: cloudformation }, { StackName })) {
    for (const { ResourceType, PhysicalResourceId: id } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::S3::Bucket' && id) leftovers.buckets.add(id);
      if (ResourceType === 'AWS::Lambda::Function' && id) leftovers.functions.add(id);
    }
  }
}

async function deleteEndpoint({ clients, pace, signal, print }: Deletion, EndpointName: string): Promise<void> {
  const { sagemaker } = clients;
  const status = async () =>
    (await endpointsOf(clients, EndpointName)).length > 0
      ? (await sagemaker.send(new DescribeEndpointCommand({ EndpointName }))).EndpointStatus
      : undefined;
  const isBusy = (now: string | undefined) => now !== undefined && /Creating|Updating|RollingBack/.test(now);
  const before = await waitFor({ ...pace, signal }, `endpoint ${EndpointName} is idle`, async () => {
    const now = await status();
    return isBusy(now) ? undefined : { now };
  });
  if (before.now === undefined) return;
  print(`Delete endpoint ${EndpointName}`);
  if (before.now !== 'Deleting') await sagemaker.send(new DeleteEndpointCommand({ EndpointName }));
  await waitFor(
    { ...pace, signal },
    `endpoint ${EndpointName} is deleted`,
    async () => (await status()) === undefined || undefined,
  );
}

/** The endpoints whose name is exactly this. */
async function endpointsOf({ sagemaker }: Clients, name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { Endpoints = [] } of paginateListEndpoints({ client: sagemaker }, { NameContains: name })) {
    found.push(...Endpoints.flatMap(({ EndpointName }) => (EndpointName === name ? [EndpointName] : [])));
  }
  return found;
}

async function deletePackages({ clients, names }: Deletion): Promise<void> {
  // Without the stack there is no group, and without a group there are no packages.
  if ((await stackStatus(clients.cloudformation, names.stack)) === undefined) return;
  const list = new ListModelPackagesCommand({ ModelPackageGroupName: names.packageGroup });
  const found = await clients.sagemaker.send(list).catch((error: Error) => {
    if (error.name === 'ValidationException' || error.name === 'ResourceNotFound') return undefined;
    throw error;
  });
  for (const { ModelPackageArn } of found?.ModelPackageSummaryList ?? []) {
    await clients.sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
  }
}

async function deleteConfigs({ clients, names }: Deletion): Promise<void> {
  const { sagemaker } = clients;
  for await (const page of paginateListEndpointConfigs({ client: sagemaker }, { NameContains: names.prefix })) {
    for (const { EndpointConfigName } of page.EndpointConfigs ?? []) {
      if (isOfRun(names, EndpointConfigName))
        await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName }));
    }
  }
}

async function deleteModels({ clients, names }: Deletion): Promise<void> {
  const { sagemaker } = clients;
  for await (const { Models = [] } of paginateListModels({ client: sagemaker }, { NameContains: names.prefix })) {
    for (const { ModelName } of Models) {
      if (isOfRun(names, ModelName)) await sagemaker.send(new DeleteModelCommand({ ModelName }));
    }
  }
}

async function deleteBuckets(deletion: Deletion, { buckets }: StackLeftovers): Promise<void> {
  const { clients, names, print } = deletion;
  const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}));
  for (const { Name } of Buckets) {
    if (Name === undefined || !(isOfRun(names, Name) || buckets.has(Name))) continue;
    print(`Empty and delete bucket ${Name}`);
    await emptyBucket(clients, Name);
    await clients.s3.send(new DeleteBucketCommand({ Bucket: Name }));
  }
}

async function emptyBucket({ s3 }: Clients, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) break;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    if (Errors[0]) throw new Error(`${Errors[0].Key} in bucket ${Bucket}: ${Errors[0].Message}`);
  }
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
}

async function deleteLogGroups({ clients, names }: Deletion, { functions }: StackLeftovers): Promise<void> {
  const { logs } = clients;
  const isOurs = (name: string) => isOfRun(names, name) || functions.has(name);
  for (const folder of ['', '/aws/lambda/', '/aws/sagemaker/Endpoints/']) {
    // CloudFormation may shorten the stack's name in a function's.
    const prefixes = new Set([names.prefix, ...(folder === '/aws/lambda/' ? functions : [])]);
    for (const prefix of prefixes) {
      const logGroupNamePrefix = folder + prefix;
      for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: logs }, { logGroupNamePrefix })) {
        for (const { logGroupName = '' } of logGroups) {
          if (isOurs(logGroupName.slice(folder.length))) await logs.send(new DeleteLogGroupCommand({ logGroupName }));
        }
      }
    }
  }
}
