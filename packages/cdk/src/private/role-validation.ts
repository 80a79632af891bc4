import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { DeclaredModel } from './declared-models';
import { areConcrete } from './tokens';

const ROLE_ARN = /^arn:[^:]+:iam::(\d{12}):role\/.+$/;

/** Problems with the models' execution roles. */
export function executionRoleProblems(scope: Construct, models: readonly DeclaredModel[]): string[] {
  const { account } = Stack.of(scope);
  return models.flatMap(({ declared }, index) => {
    const roleArn = declared.props.executionRoleArn;
    if (roleArn === undefined || !areConcrete(roleArn)) return [];
    const path = `modelsProps[${index}].props.executionRoleArn`;
    const [, roleAccount] = ROLE_ARN.exec(roleArn) ?? [];
    if (roleAccount === undefined) {
      return [
        `${path} is "${roleArn}", expected the ARN of a role, arn:aws:iam::<account>:role/<name>. Pass role.roleArn, or ` +
          'omit it for a role with the permissions that the model needs.',
      ];
    }
    if (!areConcrete(account) || roleAccount === account) return [];
    return [
      `${path} is a role of account ${roleAccount}, but the endpoint is in account ${account}, and SageMaker does not ` +
        'pass roles between accounts. Pass a role of the endpoint’s account.',
    ];
  });
}
