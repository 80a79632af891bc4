import { Lazy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, type IRole, PolicyStatement, type PolicyStatementProps, Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct, IConstruct, IDependable } from 'constructs';
import { isStackDataBucket } from './data-bucket';
import { digest8 } from './digest';

const READ_ACTIONS = ['s3:GetObject'];

/** The statements that grant roles read access, in the policies of the stacks' data buckets, by rendered role ARN. */
const statementsByRole = new WeakMap<IBucket, Map<string, PolicyStatement>>();
/** The key patterns that roles may list in the stacks' data buckets, by rendered role ARN. */
const listedByRole = new WeakMap<IBucket, Map<string, Set<string>>>();

/**
 * Grants a model's execution role read access to its slot data; a key that ends with a slash is a folder. Only the
 * role's ARN is known, so the policy of the stack's data bucket grants it; for a given bucket, which can be in another
 * stack, a policy of the role does.
 *
 * The bucket policy has the role as a condition. S3 stores a principal as the role's unique id, so a role that is
 * deleted and created again with the same name would have lost its access.
 *
 * The model must depend on the returned constructs: SageMaker reads the data when the model is created.
 */
export function grantSlotDataRead(
  endpoint: Construct,
  bucket: IBucket,
  roleArn: string,
  keys: readonly string[],
): IDependable[] {
  const folders = keys.filter((key) => key.endsWith('/')).map((key) => `${key}*`);
  const objectArns = [...keys.filter((key) => !key.endsWith('/')), ...folders].map((key) => bucket.arnForObjects(key));
  if (isStackDataBucket(bucket, Stack.of(endpoint))) {
    const reading = grantInBucketPolicy(bucket, roleArn, objectArns);
    return folders.length > 0 ? [...reading, ...grantListingInBucketPolicy(bucket, roleArn, folders)] : reading;
  }
  const id = `Role${digest8(Stack.of(endpoint).resolve(roleArn))}`;
  const role = (endpoint.node.tryFindChild(id) as IRole | undefined) ?? Role.fromRoleArn(endpoint, id, roleArn);
  const statements = [new PolicyStatement({ actions: READ_ACTIONS, resources: objectArns })];
  if (folders.length > 0) statements.push(new PolicyStatement(listing(bucket, new Set(folders))));
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
  const statement = new PolicyStatement({ actions: READ_ACTIONS, resources: objectArns, ...onlyFor(roleArn) });
  byRole.set(role, statement);
  const { policyDependable } = bucket.addToResourcePolicy(statement);
  return policyDependable ? [policyDependable] : [];
}

/** One statement per role, as for reading. */
function grantListingInBucketPolicy(bucket: IBucket, roleArn: string, patterns: readonly string[]): IDependable[] {
  const stack = Stack.of(bucket);
  const byRole = listedByRole.get(bucket) ?? new Map<string, Set<string>>();
  listedByRole.set(bucket, byRole);
  const role = JSON.stringify(stack.resolve(roleArn));
  const known = byRole.get(role);
  if (known) {
    for (const pattern of patterns) known.add(pattern);
    return stackDataBucketPolicy(bucket, stack);
  }
  const listed = new Set(patterns);
  byRole.set(role, listed);
  const { conditions, ...allowed } = listing(bucket, listed);
  const statement = new PolicyStatement({ ...allowed, ...onlyFor(roleArn, conditions) });
  const { policyDependable } = bucket.addToResourcePolicy(statement);
  return policyDependable ? [policyDependable] : [];
}

/** Of a statement that holds for sessions of this role only, also of one that is created later with the same name. */
function onlyFor(roleArn: string, conditions: PolicyStatementProps['conditions'] = {}): PolicyStatementProps {
  const isRole = { ArnEquals: { 'aws:PrincipalArn': roleArn } };
  return { principals: [new AnyPrincipal()], conditions: { ...conditions, ...isRole } };
}

/** A statement that allows to list these keys, some of which may be added until synthesis. */
function listing(bucket: IBucket, patterns: ReadonlySet<string>): PolicyStatementProps {
  return {
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': Lazy.list({ produce: () => [...patterns] }) } },
  };
}
