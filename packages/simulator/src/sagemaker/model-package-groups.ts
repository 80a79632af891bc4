import type { SageMaker } from '@aws-sdk/client-sagemaker';
import { AwsError } from '../core/aws-error.ts';
import type { Clock } from '../core/clock.ts';
import { operationsOf } from '../core/operations.ts';
import type { PolicyHolder } from '../core/policy-holder.ts';
import { constraint, validation } from './errors.ts';
import { listPage, type ModelPackageGroup, summaryOf } from './resources.ts';
import type { Store } from './store.ts';

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
    DescribeModelPackageGroup: ({ ModelPackageGroupName }) => summary(packageGroups.find(ModelPackageGroupName)),
    ListModelPackageGroups(input) {
      const { items, NextToken } = listPage(packageGroups.all(), input);
      return { ModelPackageGroupSummaryList: items.map(summary), NextToken };
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

const summary = (group: ModelPackageGroup) => ({
  ...summaryOf('ModelPackageGroup', group),
  ModelPackageGroupDescription: group.description,
  ModelPackageGroupStatus: 'Completed',
});
