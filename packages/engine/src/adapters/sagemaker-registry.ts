import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type ModelPackageContainerDefinition,
} from '@aws-sdk/client-sagemaker';
import {
  type ListedPackage,
  type ModelPackage,
  newestPackage,
  type PackagedContainer,
} from '../policy/model-package.ts';
import { type Client, isNamed, pages, send } from './client.ts';

/** SageMaker's answer about a group or a package that it does not have: from field reports, not documented. */
const NOT_FOUND = /does not exist/i;
/** Packages in a page of a listing: enough for some that are not completed. */
const PAGE_PACKAGES = 20;

/** The Model Registry, in SageMaker. */
export interface ModelRegistry {
  /** The newest package of the group with this name or ARN that is approved. Undefined: there is none, or no group. */
  newestApproved(group: string): Promise<ModelPackage | undefined>;
}

/** ListModelPackages and DescribeModelPackage. */
export function sageMakerRegistry(client: Client): ModelRegistry {
  return {
    async newestApproved(group) {
      try {
        const newest = await listNewest(client, group);
        return newest && (await describe(client, newest.arn));
      } catch (error) {
        if (isNamed(error, 'ValidationException') && NOT_FOUND.test(error.message)) return undefined;
        throw error;
      }
    },
  };
}

/** The listing is ordered by creation, as versions are, so the first page that has one has the newest. */
async function listNewest(client: Client, group: string): Promise<ListedPackage | undefined> {
  const input = {
    ModelPackageGroupName: group,
    ModelApprovalStatus: 'Approved',
    SortBy: 'CreationTime',
    SortOrder: 'Descending',
    MaxResults: PAGE_PACKAGES,
  } as const;
  const listed = pages(
    (NextToken: string | undefined) => send(client, new ListModelPackagesCommand({ ...input, NextToken })),
    ({ NextToken }) => NextToken,
  );
  for await (const { ModelPackageSummaryList = [] } of listed) {
    const newest = newestPackage(
      ModelPackageSummaryList.map(({ ModelPackageArn = '', ModelPackageVersion = 0, ModelPackageStatus = '' }) => ({
        arn: ModelPackageArn,
        version: ModelPackageVersion,
        status: ModelPackageStatus,
      })),
    );
    if (newest) return newest;
  }
  return undefined;
}

async function describe(client: Client, arn: string): Promise<ModelPackage> {
  const found = await send(client, new DescribeModelPackageCommand({ ModelPackageName: arn }));
  const { InferenceSpecification, LastModifiedTime, CreationTime } = found;
  return {
    arn,
    lastModified: (LastModifiedTime ?? CreationTime)?.getTime() ?? 0,
    containers: (InferenceSpecification?.Containers ?? []).map(containerOf),
  };
}

function containerOf({
  ContainerHostname: hostname,
  ModelDataUrl,
  ModelDataSource,
}: ModelPackageContainerDefinition): PackagedContainer {
  const { S3Uri, S3DataType, CompressionType } = ModelDataSource?.S3DataSource ?? {};
  const url = ModelDataUrl ?? S3Uri;
  const isArchive = S3Uri === undefined || (S3DataType === 'S3Object' && CompressionType === 'Gzip');
  return {
    ...(hostname !== undefined && { hostname }),
    ...(url !== undefined && { url }),
    format: isArchive ? 'archive' : 'uncompressed',
  };
}
