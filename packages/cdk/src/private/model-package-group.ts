import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { areConcrete } from './tokens';

/** A model package group by its name, or by its ARN. */
export interface PackageGroupArns {
  readonly name: string;
  readonly arn: string;
  /** Of all its packages. */
  readonly packagesArn: string;
  readonly account: string;
  readonly region: string;
}

const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** The group that a source names: one of the stack's account and region, unless it is an ARN. */
export function modelPackageGroup(stack: Stack, group: string): PackageGroupArns {
  const [, partition, , region = '', account = '', resource = ''] = isArn(group)
    ? group.split(':')
    : ['arn', stack.partition, 'sagemaker', stack.region, stack.account, `model-package-group/${group}`];
  const name = resource.slice(resource.indexOf('/') + 1);
  const arnOf = (type: string, suffix = '') =>
    `arn:${partition}:sagemaker:${region}:${account}:${type}/${name}${suffix}`;
  return { name, arn: arnOf('model-package-group'), packagesArn: arnOf('model-package', '/*'), account, region };
}

/** What is wrong with the group that a source names. */
export function packageGroupProblems(scope: Construct, where: string, group: string): string[] {
  const stack = Stack.of(scope);
  const { name, region } = modelPackageGroup(stack, group);
  const isGroup = !isArn(group) || /^arn:[^:]+:sagemaker:[^:]+:[^:]+:model-package-group\/[^/]+$/.test(group);
  if (!isGroup || (!Token.isUnresolved(name) && !NAME.test(name))) {
    return [
      `${where} is that of a ModelSource with the model package group "${group}", expected the name of a group, or ` +
        'arn:<partition>:sagemaker:<region>:<account>:model-package-group/<name>.',
    ];
  }
  if (!areConcrete(region, stack.region) || region === stack.region) return [];
  return [
    `${where} is that of a ModelSource with a model package group in region ${region}, but the endpoint is in ` +
      `${stack.region}. Use a group in ${stack.region}.`,
  ];
}

/** Whether the group certainly belongs to another account. */
export function isGroupInOtherAccount(scope: Construct, group: string): boolean {
  const stack = Stack.of(scope);
  const { account } = modelPackageGroup(stack, group);
  return areConcrete(account, stack.account) && account !== stack.account;
}

function isArn(group: string): boolean {
  return group.startsWith('arn:');
}
