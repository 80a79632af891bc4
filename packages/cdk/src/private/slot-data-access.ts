import { Stack } from 'aws-cdk-lib';
import { ArnPrincipal, type IRole, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct, IConstruct, IDependable } from 'constructs';
import { isStackDataBucket } from './data-bucket';
import { digest8 } from './digest';

const READ_ACTIONS = ['s3:GetObject'];

/** The statements that grant roles read access, in the policies of the stacks' data buckets, by rendered role ARN. */
const statementsByRole = new WeakMap<IBucket, Map<string, PolicyStatement>>();

/**
 * Grants a model's execution role read access to its slot data. Only the role's ARN is known, so the policy of the
 * stack's data bucket grants it; for a given bucket, which can be in another stack, a policy of the role does.
 *
 * The model must depend on the returned constructs: SageMaker reads the data when the model is created.
 */
export function grantSlotDataRead(
  endpoint: Construct,
  bucket: IBucket,
  roleArn: string,
  keys: readonly string[],
): IDependable[] {
  const objectArns = keys.map((key) => bucket.arnForObjects(key));
  if (isStackDataBucket(bucket, Stack.of(endpoint))) return grantInBucketPolicy(bucket, roleArn, objectArns);
  const id = `Role${digest8(Stack.of(endpoint).resolve(roleArn))}`;
  const role = (endpoint.node.tryFindChild(id) as IRole | undefined) ?? Role.fromRoleArn(endpoint, id, roleArn);
  const statements = [new PolicyStatement({ actions: READ_ACTIONS, resources: objectArns })];
  const key = bucket.encryptionKey;
  if (key) statements.push(new PolicyStatement({ actions: ['kms:Decrypt'], resources: [key.keyArn] }));
  return statements.flatMap((each) => role.addToPrincipalPolicy(each).policyDependable ?? []);
}

/** The policy of the stack's data bucket. Empty for a given bucket, whose policy may depend on anything. */
export function stackDataBucketPolicy(bucket: IBucket, stack: Stack): IConstruct[] {
  return isStackDataBucket(bucket, stack) && bucket.policy ? [bucket.policy] : [];
}

/** One statement per role, because a bucket policy holds 20 KB and each statement contains the role's whole ARN. */
function grantInBucketPolicy(bucket: IBucket, roleArn: string, objectArns: string[]): IDependable[] {
  const stack = Stack.of(bucket);
  const byRole = statementsByRole.get(bucket) ?? new Map<string, PolicyStatement>();
  statementsByRole.set(bucket, byRole);
  const role = JSON.stringify(stack.resolve(roleArn));
  const known = byRole.get(role);
  if (known && !known.frozen) {
    known.addResources(...objectArns);
    return stackDataBucketPolicy(bucket, stack);
  }
  const statement = new PolicyStatement({
    actions: READ_ACTIONS,
    resources: objectArns,
    principals: [new ArnPrincipal(roleArn)],
  });
  byRole.set(role, statement);
  const { policyDependable } = bucket.addToResourcePolicy(statement);
  return policyDependable ? [policyDependable] : [];
}
