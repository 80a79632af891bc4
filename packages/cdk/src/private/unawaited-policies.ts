import { Annotations, Aspects, Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, CfnPolicy, type CfnRole } from 'aws-cdk-lib/aws-iam';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { roleResourceOf } from './execution-role';

/**
 * Warns at synthesis of policies of a model's execution role that the model does not wait for. Models wait for a role
 * and the policies below it, but not for policies that are attached to it from elsewhere.
 */
export function warnOfUnawaitedPolicies(endpoint: Construct, models: readonly CfnModel[]): void {
  Aspects.of(endpoint).add({
    visit(node) {
      if (node !== endpoint) return;
      const paths = new Set(models.flatMap(unawaitedPolicies).map((policy) => policy.node.path));
      for (const path of paths) {
        Annotations.of(endpoint).addWarningV2(
          '@freshpoint/cdk:unawaitedPolicy',
          `The policy "${path}" belongs to an execution role, but models can be created before it, without its ` +
            'permissions. Add it to the role with role.addToPolicy or role.addManagedPolicy, or add the dependency: ' +
            'for (const model of endpoint.models) model.node.addDependency(policy).',
        );
      }
    },
  });
}

function unawaitedPolicies(model: CfnModel): (CfnPolicy | CfnManagedPolicy)[] {
  const role = model.executionRoleArn === undefined ? undefined : roleResourceOf(model.executionRoleArn);
  if (!role) return [];
  const awaited = new Set(model.node.dependencies);
  return policiesOf(role).filter(({ node }) => !node.scopes.some((scope) => awaited.has(scope)));
}

/** The policies in the stack of the role that are attached to it, rather than listed by it. */
function policiesOf(role: CfnRole): (CfnPolicy | CfnManagedPolicy)[] {
  const stack = Stack.of(role);
  const reference = JSON.stringify(stack.resolve(role.ref));
  return stack.node
    .findAll()
    .filter((each) => each instanceof CfnPolicy || each instanceof CfnManagedPolicy)
    .filter((policy) => JSON.stringify(stack.resolve(policy.roles) ?? []).includes(reference));
}
