import type {
  CreateModelPackageInput,
  DescribeModelPackageInput,
  ListModelPackagesInput,
  UpdateModelPackageInput,
} from '@aws-sdk/client-sagemaker';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { constraint, validation } from './errors.ts';
import { listPage } from './listing.ts';
import { findPackageGroup } from './model-package-groups.ts';
import { packageArn, packageGroupArn } from './names.ts';
import type { ModelPackageGroup, ModelPackageVersion } from './resources.ts';
import type { Store } from './store.ts';

/** An event as SageMaker sends it to EventBridge's default bus, which adds id, time, account and region. */
export interface ModelPackageStateChange {
  readonly source: 'aws.sagemaker';
  readonly 'detail-type': 'SageMaker Model Package State Change';
  /** The package's ARN. */
  readonly resources: readonly string[];
  readonly detail: object;
}

/** Called at each change of a package. */
export type EmitPackageChange = (event: ModelPackageStateChange) => void;

const APPROVAL_STATUSES = ['Approved', 'Rejected', 'PendingManualApproval'];
/** What UpdateModelPackage changes here; everything else is refused by name. */
const UPDATED_MEMBERS = ['ModelPackageArn', 'ModelApprovalStatus', 'ApprovalDescription', 'CustomerMetadataProperties'];
/** Digits by which the versions of a group sort as text. */
const VERSION_DIGITS = 10;

/** The members that name a package. */
type PackageInput = Partial<DescribeModelPackageInput & UpdateModelPackageInput>;

/** Create, read, list, approve and delete the packages of model package groups. All are completed at once. */
export function packageOperations(deps: Deps, store: Store, emit: EmitPackageChange): Record<string, Operation> {
  const onPackage = ({ ModelPackageName, ModelPackageArn }: PackageInput) =>
    String(ModelPackageName ?? ModelPackageArn);
  const inGroup =
    (anyGroup: string) =>
    ({ ModelPackageGroupName: group }: ListModelPackagesInput) =>
      group === undefined ? anyGroup : packageGroupArn(deps.account, group);
  return {
    ...permitted('sagemaker', inGroup(packageArn(deps.account, '*', '*')), {
      CreateModelPackage: (input: CreateModelPackageInput) => createPackage(deps, store, emit, input),
    }),
    ...permitted('sagemaker', inGroup('*'), {
      ListModelPackages: (input: ListModelPackagesInput) => listPackages(deps, store, input),
    }),
    ...permitted('sagemaker', onPackage, {
      DescribeModelPackage(input: DescribeModelPackageInput) {
        const { group, found } = findPackage(store, input.ModelPackageName);
        return describe(group, found);
      },
      UpdateModelPackage: (input: UpdateModelPackageInput) => updatePackage(deps, store, emit, input),
      DeleteModelPackage(input: DescribeModelPackageInput) {
        const { group, found } = findPackage(store, input.ModelPackageName);
        group.packages.delete(found.version);
        return {};
      },
    }),
  };
}

function createPackage(deps: Deps, store: Store, emit: EmitPackageChange, input: CreateModelPackageInput) {
  const { ModelPackageGroupName: groupName, ModelPackageName, ModelApprovalStatus, ...rest } = input;
  if (groupName !== undefined && ModelPackageName !== undefined) {
    throw validation(
      'Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.',
    );
  }
  if (groupName === undefined) {
    throw validation('The local runtime simulates packages in a ModelPackageGroupName only.');
  }
  checkApproval(ModelApprovalStatus);
  const group = findPackageGroup(deps, store, groupName);
  group.versions += 1;
  const created: ModelPackageVersion = {
    version: group.versions,
    arn: packageArn(deps.account, group.name, group.versions),
    created: deps.clock.now(),
    settings: { ...structuredClone(rest), ModelApprovalStatus: ModelApprovalStatus ?? 'PendingManualApproval' },
  };
  group.packages.set(created.version, created);
  emit(stateChange(group, created));
  return { ModelPackageArn: created.arn };
}

function updatePackage({ clock }: Deps, store: Store, emit: EmitPackageChange, input: UpdateModelPackageInput) {
  const { ModelPackageArn, CustomerMetadataProperties, ...changes } = input;
  const unknown = Object.keys(input).find((name) => !UPDATED_MEMBERS.includes(name));
  if (unknown !== undefined) throw validation(`The local runtime does not simulate ${unknown} of UpdateModelPackage.`);
  checkApproval(input.ModelApprovalStatus);
  const { group, found } = findPackage(store, ModelPackageArn);
  const { CustomerMetadataProperties: before } = found.settings;
  const metadata = { ...before, ...CustomerMetadataProperties };
  found.settings = {
    ...found.settings,
    ...structuredClone(changes),
    ...(Object.keys(metadata).length > 0 && { CustomerMetadataProperties: metadata }),
  };
  found.modified = clock.now();
  emit(stateChange(group, found));
  return { ModelPackageArn: found.arn };
}

function listPackages(deps: Deps, store: Store, input: ListModelPackagesInput) {
  const { ModelPackageGroupName: groupName, ModelApprovalStatus: approval, ModelPackageType: type } = input;
  checkApproval(approval);
  const all = groupName === undefined ? [...store.packageGroups.values()] : [findPackageGroup(deps, store, groupName)];
  const rows = (type === 'Unversioned' ? [] : all)
    .flatMap((group) => [...group.packages.values()].map((found) => ({ group, found })))
    .filter(({ found }) => approval === undefined || found.settings.ModelApprovalStatus === approval);
  const view = ({ group, found }: (typeof rows)[number]) => ({
    name: `${group.name}/${String(found.version).padStart(VERSION_DIGITS, '0')}`,
    created: found.created,
    modified: found.modified ?? found.created,
  });
  const { items, ...token } = listPage(rows, view, { ...input, SortOrder: input.SortOrder ?? 'Ascending' });
  return { ModelPackageSummaryList: items.map(({ group, found }) => summary(group, found)), ...token };
}

function summary({ name }: ModelPackageGroup, { version, arn, created, settings }: ModelPackageVersion) {
  const { ModelPackageDescription: description } = settings;
  return {
    ModelPackageGroupName: name,
    ModelPackageVersion: version,
    ModelPackageArn: arn,
    ...(description !== undefined && { ModelPackageDescription: description }),
    CreationTime: new Date(created),
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: settings.ModelApprovalStatus,
  };
}

function describe(group: ModelPackageGroup, found: ModelPackageVersion) {
  const { ClientToken: _, Tags: __, ...settings } = structuredClone(found.settings);
  return {
    ...settings,
    ...summary(group, found),
    ModelPackageName: group.name,
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CertifyForMarketplace: settings.CertifyForMarketplace ?? false,
    ...(found.modified !== undefined && { LastModifiedTime: new Date(found.modified) }),
  };
}

function stateChange(group: ModelPackageGroup, found: ModelPackageVersion): ModelPackageStateChange {
  return {
    source: 'aws.sagemaker',
    'detail-type': 'SageMaker Model Package State Change',
    resources: [found.arn],
    // Events are JSON, so their times are text.
    detail: JSON.parse(JSON.stringify(describe(group, found))) as object,
  };
}

function findPackage(store: Store, arn: string | undefined) {
  for (const group of store.packageGroups.values()) {
    const found = [...group.packages.values()].find((each) => each.arn.toLowerCase() === arn?.toLowerCase());
    if (found) return { group, found };
  }
  throw validation(`ModelPackage ${arn} does not exist.`);
}

function checkApproval(status: string | undefined): void {
  if (status === undefined || APPROVAL_STATUSES.includes(status)) return;
  const rule = `satisfy enum value set: [${APPROVAL_STATUSES.join(', ')}]`;
  throw constraint('modelApprovalStatus', status, rule);
}
