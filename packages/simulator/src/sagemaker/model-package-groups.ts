import type {
  CreateModelPackageGroupInput,
  DescribeModelPackageGroupInput,
  ListModelPackageGroupsInput,
  PutModelPackageGroupPolicyInput,
} from '@aws-sdk/client-sagemaker';
import { AwsError } from '../core/aws-error.ts';
import type { Deps, Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { constraint, validation } from './errors.ts';
import { listPage } from './listing.ts';
import { checkName, packageGroupArn } from './names.ts';
import type { ModelPackageGroup } from './resources.ts';
import { keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

/**
 * Create, read, list and delete model package groups, and their policies. The messages for a group that exists or has
 * packages are unverified.
 */
export function packageGroupOperations(
  deps: Deps,
  store: Store,
  policies: PolicyHolder | undefined,
): Record<string, Operation> {
  const found = (input: DescribeModelPackageGroupInput) => findPackageGroup(deps, store, input.ModelPackageGroupName);
  const resourceOf = ({ ModelPackageGroupName: name }: Partial<DescribeModelPackageGroupInput>) =>
    name === undefined ? '*' : packageGroupArn(deps.account, name);
  return permitted('sagemaker', resourceOf, {
    CreateModelPackageGroup: (input: CreateModelPackageGroupInput) => createGroup(deps, store, input),
    DescribeModelPackageGroup: (input: DescribeModelPackageGroupInput) => summary(found(input)),
    ListModelPackageGroups(input: ListModelPackageGroupsInput) {
      const view = ({ name, created }: ModelPackageGroup) => ({ name, created, modified: created });
      const { items, ...token } = listPage(store.packageGroups.values(), view, input);
      return { ModelPackageGroupSummaryList: items.map(summary), ...token };
    },
    DeleteModelPackageGroup(input: DescribeModelPackageGroupInput) {
      const { name, arn, packages } = found(input);
      if (packages.size > 0) throw new AwsError('ConflictException', `${arn} has model packages. Delete them first.`);
      store.packageGroups.delete(keyOf(name));
      store.tags.delete(arn);
      policies?.setResourcePolicy(arn, undefined);
      return {};
    },
    PutModelPackageGroupPolicy(input: PutModelPackageGroupPolicyInput) {
      const group = found(input);
      if (typeof input.ResourcePolicy !== 'string') throw constraint('resourcePolicy', undefined, 'not be null');
      policies?.setResourcePolicy(group.arn, input.ResourcePolicy);
      group.policy = input.ResourcePolicy;
      return { ModelPackageGroupArn: group.arn };
    },
    GetModelPackageGroupPolicy(input: DescribeModelPackageGroupInput) {
      const { arn, policy } = found(input);
      if (policy === undefined) throw validation(`ModelPackageGroup ${arn} does not have a resource policy.`);
      return { ResourcePolicy: policy };
    },
    DeleteModelPackageGroupPolicy(input: DescribeModelPackageGroupInput) {
      const group = found(input);
      policies?.setResourcePolicy(group.arn, undefined);
      delete group.policy;
      return {};
    },
  });
}

function createGroup({ account, clock }: Deps, store: Store, input: CreateModelPackageGroupInput) {
  const { ModelPackageGroupName: name, ModelPackageGroupDescription: description, Tags } = input;
  checkName('modelPackageGroupName', name);
  checkTags(Tags);
  const arn = packageGroupArn(account, name);
  if (store.packageGroups.has(keyOf(name))) throw validation(`Model Package Group already exists: ${arn}`);
  store.packageGroups.set(keyOf(name), {
    name,
    arn,
    created: clock.now(),
    ...(description !== undefined && { description }),
    packages: new Map(),
    versions: 0,
  });
  if (Tags) store.tags.set(arn, [...Tags]);
  return { ModelPackageGroupArn: arn };
}

function summary({ name, arn, created, description }: ModelPackageGroup) {
  return {
    ModelPackageGroupName: name,
    ModelPackageGroupArn: arn,
    ...(description !== undefined && { ModelPackageGroupDescription: description }),
    CreationTime: new Date(created),
    ModelPackageGroupStatus: 'Completed',
  };
}

/** Finds a group by name or ARN, regardless of case. Throws `ModelPackageGroup arn does not exist.` */
export function findPackageGroup(deps: Deps, store: Store, nameOrArn: string | undefined): ModelPackageGroup {
  const arn = packageGroupArn(deps.account, nameOrArn);
  const group = [...store.packageGroups.values()].find((each) => keyOf(each.arn) === keyOf(arn));
  if (!group) throw validation(`ModelPackageGroup ${arn} does not exist.`);
  return group;
}
