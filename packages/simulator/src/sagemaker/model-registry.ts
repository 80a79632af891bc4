import type { CreateModelPackageInput, SageMaker, UpdateModelPackageInput } from '@aws-sdk/client-sagemaker';
import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Clock } from '../core/clock.ts';
import type { Deps } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { constraint, validation } from './errors.ts';
import { packageArn } from './names.ts';
import { listPage, type ModelPackageGroup, type ModelPackageVersion, summaryOf } from './resources.ts';
import type { Store } from './store.ts';

const APPROVAL_STATUSES = ['Approved', 'Rejected', 'PendingManualApproval'];
/** What UpdateModelPackage changes here; everything else is refused by name. */
const UPDATED_MEMBERS = ['ModelPackageArn', 'ModelApprovalStatus', 'ApprovalDescription', 'CustomerMetadataProperties'];
/** Digits by which the versions of a group sort as text. */
const VERSION_DIGITS = 10;

/** Create, read, list and delete model package groups, and their policies. */
export function packageGroupOperations(clock: Clock, { packageGroups }: Store, policies: PolicyHolder | undefined) {
  const setPolicy = (group: ModelPackageGroup, policy: string | undefined) => {
    policies?.setResourcePolicy(group.arn, policy);
    group.policy = policy;
  };
  return operationsOf<SageMaker>()('sagemaker', ({ ModelPackageGroupName: name }) => packageGroups.permissionOn(name), {
    CreateModelPackageGroup({ ModelPackageGroupName, ModelPackageGroupDescription: description, Tags }) {
      const { name, arn } = packageGroups.checkNew('modelPackageGroupName', ModelPackageGroupName, Tags);
      packageGroups.add({ name, arn, created: clock.now(), Tags, description, packages: [], versions: 0 });
      return { ModelPackageGroupArn: arn };
    },
    DescribeModelPackageGroup: ({ ModelPackageGroupName }) => groupSummary(packageGroups.find(ModelPackageGroupName)),
    ListModelPackageGroups(input) {
      const { items, NextToken } = listPage(packageGroups.all(), { SortOrder: 'Ascending', ...input });
      return { ModelPackageGroupSummaryList: items.map(groupSummary), NextToken };
    },
    DeleteModelPackageGroup({ ModelPackageGroupName }) {
      const group = packageGroups.find(ModelPackageGroupName);
      if (group.packages.length > 0) {
        // The message is unverified.
        throw new AwsError('ConflictException', `${group.arn} has model packages. Delete them first.`);
      }
      setPolicy(group, undefined);
      packageGroups.remove(group);
    },
    PutModelPackageGroupPolicy({ ModelPackageGroupName, ResourcePolicy }) {
      const group = packageGroups.find(ModelPackageGroupName);
      if (typeof ResourcePolicy !== 'string') throw constraint('resourcePolicy', undefined, 'not be null');
      setPolicy(group, ResourcePolicy);
      return { ModelPackageGroupArn: group.arn };
    },
    GetModelPackageGroupPolicy({ ModelPackageGroupName }) {
      const { arn, policy } = packageGroups.find(ModelPackageGroupName);
      if (policy === undefined) throw validation(`ModelPackageGroup ${arn} does not have a resource policy.`);
      return { ResourcePolicy: policy };
    },
    DeleteModelPackageGroupPolicy: ({ ModelPackageGroupName }) =>
      setPolicy(packageGroups.find(ModelPackageGroupName), undefined),
  });
}

const groupSummary = (group: ModelPackageGroup) => ({
  ...summaryOf('ModelPackageGroup', group),
  ModelPackageGroupDescription: group.description,
  ModelPackageGroupStatus: 'Completed',
});

/**
 * Create, read, list, approve and delete the packages of model package groups. All are completed at once. `emit` is
 * called at each change of a package.
 */
export function packageOperations(deps: Deps, store: Store, emit: (event: ModelPackageStateChange) => void) {
  const { packageGroups } = store;
  const changed = (group: ModelPackageGroup, found: ModelPackageVersion) => {
    emit(stateChange(group, found));
    return { ModelPackageArn: found.arn };
  };
  return operationsOf<SageMaker>()(
    'sagemaker',
    ({ ModelPackageName, ModelPackageArn, ModelPackageGroupName: group }, operation) => {
      if (operation === 'CreateModelPackage' && group === undefined) return packageArn(deps.account, '*', '*');
      const name = ModelPackageName ?? ModelPackageArn;
      if (name === undefined) return packageGroups.permissionOn(group);
      return name.startsWith('arn:') ? name : arn(deps.account, 'sagemaker', `model-package/${name}`);
    },
    {
      CreateModelPackage: (input) => {
        const { group, settings } = newPackage(store, input);
        group.versions += 1;
        const created: ModelPackageVersion = {
          name: `${group.name}/${String(group.versions).padStart(VERSION_DIGITS, '0')}`,
          version: group.versions,
          arn: packageArn(deps.account, group.name, group.versions),
          created: deps.clock.now(),
          settings,
        };
        group.packages.push(created);
        return changed(group, created);
      },
      DescribeModelPackage({ ModelPackageName }) {
        const { group, found } = findPackage(store, ModelPackageName);
        return describe(group, found);
      },
      ListModelPackages(input) {
        const { ModelPackageGroupName: name, ModelApprovalStatus: approval } = input;
        checkApproval(approval);
        // Without a group, SageMaker lists the packages that have no versions.
        const group = name === undefined ? undefined : packageGroups.find(name);
        const matching = group?.packages.filter(
          ({ settings }) => (approval ?? settings.ModelApprovalStatus) === settings.ModelApprovalStatus,
        );
        const { items, NextToken } = listPage(matching ?? [], { SortOrder: 'Ascending', ...input });
        return { ModelPackageSummaryList: items.map((found) => summary(group, found)), NextToken };
      },
      UpdateModelPackage(input) {
        const { group, found } = findPackage(store, input.ModelPackageArn);
        found.settings = changedSettings(found, input);
        found.modified = deps.clock.now();
        return changed(group, found);
      },
      DeleteModelPackage({ ModelPackageName }) {
        const { group, found } = findPackage(store, ModelPackageName);
        group.packages.splice(group.packages.indexOf(found), 1);
      },
    },
  );
}

function newPackage({ packageGroups }: Store, input: CreateModelPackageInput) {
  const { ModelPackageGroupName, ModelPackageName, ModelApprovalStatus = 'PendingManualApproval', ...rest } = input;
  if (ModelPackageGroupName !== undefined && ModelPackageName !== undefined) {
    throw validation(
      'Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.',
    );
  }
  if (ModelPackageGroupName === undefined) {
    throw validation('The local runtime simulates packages in a ModelPackageGroupName only.');
  }
  checkApproval(ModelApprovalStatus);
  const group = packageGroups.find(ModelPackageGroupName);
  return { group, settings: { ...structuredClone(rest), ModelApprovalStatus } };
}

function changedSettings({ settings }: ModelPackageVersion, input: UpdateModelPackageInput) {
  const { ModelPackageArn: _, CustomerMetadataProperties, ...changes } = structuredClone(input);
  const unknown = Object.keys(input).find((name) => !UPDATED_MEMBERS.includes(name));
  if (unknown !== undefined) throw validation(`The local runtime does not simulate ${unknown} of UpdateModelPackage.`);
  checkApproval(input.ModelApprovalStatus);
  const metadata = { ...settings.CustomerMetadataProperties, ...CustomerMetadataProperties };
  const hasMetadata = Object.keys(metadata).length > 0;
  return { ...settings, ...changes, ...(hasMetadata && { CustomerMetadataProperties: metadata }) };
}

function summary(group: ModelPackageGroup | undefined, { version, arn, created, settings }: ModelPackageVersion) {
  return {
    ModelPackageGroupName: group?.name,
    ModelPackageVersion: version,
    ModelPackageArn: arn,
    ModelPackageDescription: settings.ModelPackageDescription,
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
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CertifyForMarketplace: settings.CertifyForMarketplace ?? false,
    LastModifiedTime: found.modified === undefined ? undefined : new Date(found.modified),
  };
}

/** An event as SageMaker sends it to EventBridge's default bus, which adds id, time, account and region. */
export type ModelPackageStateChange = ReturnType<typeof stateChange>;

const stateChange = (group: ModelPackageGroup, found: ModelPackageVersion) => ({
  source: 'aws.sagemaker' as const,
  'detail-type': 'SageMaker Model Package State Change' as const,
  resources: [found.arn],
  // Events are JSON, so their times are text.
  detail: JSON.parse(JSON.stringify(describe(group, found))) as object,
});

/** Finds a package by its ARN, or by `group/version`. Throws ValidationException if there is none. */
export function findPackage({ packageGroups }: Store, name = '') {
  const suffix = name.startsWith('arn:') ? name : `:model-package/${name}`;
  for (const group of packageGroups.all()) {
    const found = group.packages.find((each) => each.arn.toLowerCase().endsWith(suffix.toLowerCase()));
    if (found) return { group, found };
  }
  throw validation(`ModelPackage ${name} does not exist.`);
}

const checkApproval = (status: string | undefined) =>
  checkMember('modelApprovalStatus', status, { oneOf: APPROVAL_STATUSES });
