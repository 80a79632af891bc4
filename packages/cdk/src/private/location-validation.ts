import { Reference, Stack, Tokenization } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import { containersOf, dataReferencesOf } from './containers';
import type { DeclaredModel } from './declared-models';
import { parseS3Url } from './s3-url';
import { areConcrete } from './tokens';

/** Problems with where buckets and model data are. */
export function locationProblems(
  scope: Construct,
  { modelsBucket, modelData }: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): string[] {
  return [
    ...regionProblems(scope, 'modelsBucket', modelsBucket),
    ...(modelData?._bucket ? regionProblems(scope, 'the bucket of modelData', modelData._bucket) : []),
    ...models.flatMap((model) => arnProblems(scope, model)),
  ];
}

/** Whether the bucket certainly belongs to another account. */
export function isInOtherAccount(scope: Construct, bucket: IBucket): boolean {
  const { account } = Stack.of(scope);
  return areConcrete(account, bucket.env.account) && account !== bucket.env.account;
}

function regionProblems(scope: Construct, what: string, bucket: IBucket): string[] {
  const { region } = Stack.of(scope);
  if (!areConcrete(region, bucket.env.region) || region === bucket.env.region) return [];
  return [
    `${what} ("${bucket.node.path}") is in region ${bucket.env.region}, but the endpoint is in ${region}. SageMaker ` +
      'loads model data only from the endpoint’s region, and events do not leave the bucket’s. Use a bucket in ' +
      `${region}, for example a replica.`,
  ];
}

function arnProblems(scope: Construct, { id, declared }: DeclaredModel): string[] {
  const stack = Stack.of(scope);
  return containersOf(declared.props).flatMap(({ path, container }) =>
    (container ? dataReferencesOf(container) : []).flatMap(({ property, url }) => {
      const bucket = url === undefined ? undefined : parseS3Url(url, stack)?.bucket;
      if (bucket === undefined || !isArn(bucket)) return [];
      return [
        `${property} in ${path} of model "${id}" has the bucket's ARN after s3://, expected its name. ` +
          'Write bucket.bucketName instead of bucket.bucketArn, or bucket.s3UrlForObject(key).',
      ];
    }),
  );
}

function isArn(bucket: string): boolean {
  if (bucket.startsWith('arn:')) return true;
  const token = Tokenization.reverseString(bucket).firstToken;
  return Reference.isReference(token) && token.displayName === 'Arn';
}
