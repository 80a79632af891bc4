import { Annotations, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import type { CfnEndpointConfigProps } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { kmsKeyArn } from './bounded-arns';
import type { Permit } from './permits';

const FOR_AWS_RESOURCE = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };

/**
 * The refresher's permission on the KMS key of the endpoint config: who calls UpdateEndpoint must be allowed to create
 * the grant with which SageMaker encrypts the instances' volumes (documentation of AWS::SageMaker::EndpointConfig).
 */
export function configKeyPermits(endpoint: Construct, { kmsKeyId }: CfnEndpointConfigProps): Permit[] {
  if (kmsKeyId === undefined) return [];
  const stack = Stack.of(endpoint);
  const keyArn = (id: string) => stack.formatArn({ service: 'kms', resource: 'key', resourceName: id });
  const permit = (arn: string, condition: object = FOR_AWS_RESOURCE) => [
    { actions: ['kms:CreateGrant'], resource: kmsKeyArn(arn), condition },
  ];
  const token = Tokenization.reverseString(kmsKeyId).firstToken;
  if (Reference.isReference(token) && token.target instanceof CfnKey) return permit(token.target.attrArn);
  const alias = /(?:^|:)(alias\/.+)$/.exec(kmsKeyId)?.[1];
  if (alias !== undefined) {
    // An alias is no resource of CreateGrant, so the condition names it.
    return permit(keyArn('*'), { ...FOR_AWS_RESOURCE, 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': [alias] } });
  }
  if (kmsKeyId.includes(':key/')) return permit(kmsKeyId);
  if (!Token.isUnresolved(kmsKeyId)) return permit(keyArn(kmsKeyId));
  Annotations.of(endpoint).addWarningV2(
    '@freshpoint/cdk:unknownConfigKey',
    'endpointConfigProps.kmsKeyId is a token that hides whether it is a key’s ARN, id or alias, so the refresher gets ' +
      'no permission on it. Pass key.keyArn, or grant it: key.grant(endpoint.refresher.handler, "kms:CreateGrant").',
  );
  return [];
}
