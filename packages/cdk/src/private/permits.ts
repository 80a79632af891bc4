import { type Stack, Token } from 'aws-cdk-lib';
import {
  type EndpointStore,
  type InitialModelData,
  type PackageSource,
  revisionsPrefix,
  type SlotData,
  type SourceSpec,
  slotsPrefix,
  specParameterName,
  storePrefix,
} from '../contract';
import {
  type BoundedText,
  bucketArn,
  keyPrefix,
  kmsKeyArn,
  objectArn,
  parameterArn,
  sagemakerArn,
  stackArn,
} from './bounded-arns';
import { modelPackageGroup } from './model-package-group';
import { sourceObjects } from './sources';

/** Permission for actions on one resource. */
export interface Permit {
  readonly actions: readonly string[];
  readonly resource: BoundedText;
  /** For a listing: the only prefix that may be listed. */
  readonly prefix?: BoundedText;
  /** Of the statement, besides the prefix. */
  readonly condition?: object;
}

/**
 * When permits are needed. `Staging`: before the endpoint exists, by the deployment that creates it; such permits name
 * nothing that depends on the refresher's function, so that the deployment gate can depend on them. `Swap`: later.
 */
export type PermitStage = 'Staging' | 'Swap';

/** The resources that a swap of one endpoint accesses. */
export interface SwapResources {
  readonly endpointArn: BoundedText;
  /** Of the endpoint configs that it may be moved to. */
  readonly configArns: readonly BoundedText[];
  readonly hasSmokeTests: boolean;
  /** ARNs of the alarms that end an update. */
  readonly rollbackAlarms: readonly BoundedText[];
}

/** The resources that observing and staging access for one endpoint. */
export interface StagingResources {
  readonly store: EndpointStore;
  readonly sources: readonly SourceSpec[];
  readonly data?: SlotData;
  readonly initialData: readonly InitialModelData[];
  /** Names of the buckets that the endpoint's stack creates. */
  readonly createdBuckets: readonly string[];
  /** ARN of the KMS key that initial data is encrypted with. */
  readonly modelsKey?: string;
  /** ARNs of the KMS keys that the sources are encrypted with. */
  readonly sourceKeys: readonly string[];
  /** ARN of the KMS key that state, history, revisions and slot data are encrypted with. */
  readonly dataKey?: string;
}

/** What reads the newest approved package of a group. */
export const PACKAGE_ACTIONS = ['sagemaker:ListModelPackages', 'sagemaker:DescribeModelPackage'];
const COPY_ACTIONS = ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];

/** The refresher's permissions on one endpoint. */
export function swapPermits(resources: SwapResources): Permit[] {
  const { endpointArn: resource, configArns, hasSmokeTests, rollbackAlarms } = resources;
  return [
    { actions: ['sagemaker:DescribeEndpoint', 'sagemaker:UpdateEndpoint'], resource },
    ...(hasSmokeTests ? [{ actions: ['sagemaker:InvokeEndpoint'], resource }] : []),
    ...configArns.map((arn) => ({ actions: ['sagemaker:UpdateEndpoint'], resource: arn })),
    ...rollbackAlarms.map((alarm) => ({ actions: ['cloudwatch:DescribeAlarms'], resource: alarm })),
  ];
}

/**
 * The refresher's permissions on the spec, the store, the stack, the sources and the slot data of one endpoint. Specs
 * and stores are those of all endpoints of the stack: with a text for each of them, a role could not hold a hundred.
 */
export function stagingPermits(stack: Stack, resources: StagingResources): Permit[] {
  const { data, dataKey, modelsKey, store, createdBuckets, initialData } = resources;
  const isCreated = createdBuckets.includes(store.bucket);
  const endpoints = `${stack.stackName}/*`;
  const stores = { bucket: store.bucket, prefix: storePrefix(endpoints) };
  return [
    { actions: ['ssm:GetParameters'], resource: parameterArn(stack, specParameterName(endpoints)) },
    ...storePermits(stack, stores, data),
    ...deletionPermits(stack, stores, isCreated ? [stores.prefix] : removedPrefixes(stores, data)),
    { actions: ['cloudformation:DescribeStacks'], resource: stackArn(stack) },
    ...resources.sources.flatMap((source) => sourcePermits(stack, source)),
    ...initialData.flatMap((each) => initialDataPermits(stack, each, createdBuckets)),
    ...(modelsKey && initialData.length > 0
      ? [{ actions: ['kms:GenerateDataKey'], resource: kmsKeyArn(modelsKey) }]
      : []),
    ...resources.sourceKeys.map((key) => ({ actions: ['kms:Decrypt'], resource: kmsKeyArn(key) })),
    // Decrypt is needed for copies from the revision store.
    ...(dataKey ? [{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resource: kmsKeyArn(dataKey) }] : []),
  ];
}

/** Everything below the stores' prefix is the refresher's own. */
function storePermits(stack: Stack, store: EndpointStore, data: SlotData | undefined): Permit[] {
  const bucket = bucketArn(stack, store.bucket);
  const all = objectArn(bucket, `${store.prefix}*`);
  return [
    { actions: data ? COPY_ACTIONS : ['s3:GetObject', 's3:PutObject'], resource: all },
    // Without ListBucket, S3 answers 403 instead of 404 for a missing object. GetObject has no s3:prefix to restrict.
    { actions: ['s3:ListBucket'], resource: bucket },
  ];
}

/** Old revisions are removed, and what a slot's folder has of another revision. */
function removedPrefixes(store: EndpointStore, data: SlotData | undefined): string[] {
  if (!data) return [];
  const hasFolders = data.files.some((file) => 'folder' in file);
  return [revisionsPrefix(store), ...(hasFolders ? [slotsPrefix(store)] : [])];
}

function deletionPermits(stack: Stack, store: EndpointStore, prefixes: readonly string[]): Permit[] {
  const bucket = bucketArn(stack, store.bucket);
  return prefixes.map((prefix) => ({ actions: ['s3:DeleteObject'], resource: objectArn(bucket, `${prefix}*`) }));
}

function initialDataPermits(stack: Stack, { from, to }: InitialModelData, createdBuckets: readonly string[]): Permit[] {
  const source = objectArn(bucketArn(stack, to.bucket), to.key);
  return [
    { actions: ['s3:GetObject'], resource: objectArn(bucketArn(stack, from.bucket), from.key) },
    { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resource: source },
    ...(createdBuckets.includes(to.bucket) ? [{ actions: ['s3:DeleteObject'], resource: source }] : []),
  ];
}

/**
 * A group and its packages, on which AWS's examples allow ListModelPackages. SageMaker's ARNs had names in lower case
 * before they had them as given.
 */
export function packageArns(stack: Stack, group: string): BoundedText[] {
  const { name, arn, packagesArn } = modelPackageGroup(stack, group);
  const inLowerCase = (text: string) => text.replace(`/${name}`, `/${name.toLowerCase()}`);
  const given = [sagemakerArn(arn, 'model-package-group'), sagemakerArn(packagesArn, 'model-package')];
  if (Token.isUnresolved(name)) return given;
  const texts = new Map(
    [...given, ...given.map((each) => ({ ...each, text: inLowerCase(each.text) }))].map((each) => [each.text, each]),
  );
  return [...texts.values()];
}

function sourcePermits(stack: Stack, source: SourceSpec): Permit[] {
  if ('prefix' in source) {
    const bucket = bucketArn(stack, source.bucket);
    // A listing has the ETag and size of each object, so the objects themselves are not read.
    return [
      {
        actions: ['s3:ListBucket'],
        resource: bucket,
        ...(source.prefix !== '' && { prefix: keyPrefix(source.prefix) }),
      },
    ];
  }
  const objectPermits = sourceObjects(source).flatMap((objects) => {
    const holder = bucketArn(stack, objects.bucket);
    return [
      { actions: ['s3:GetObject'], resource: objectArn(holder, objects.key) },
      // Without ListBucket, S3 answers 403 instead of 404 for a missing object. HeadObject has no s3:prefix.
      { actions: ['s3:ListBucket'], resource: holder },
    ];
  });
  return 'packageGroup' in source ? [...packagePermits(stack, source), ...objectPermits] : objectPermits;
}

function packagePermits(stack: Stack, { packageGroup }: PackageSource): Permit[] {
  return packageArns(stack, packageGroup).map((resource) => ({ actions: PACKAGE_ACTIONS, resource }));
}
