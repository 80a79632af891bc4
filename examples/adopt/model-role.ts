import type { Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

/** The role that the model had before: to pull the image, read the model, and write logs and metrics. */
export function modelRole(stack: Stack, bucket: Bucket): Role {
  const allow = (actions: string[], ...resources: string[]) => new PolicyStatement({ actions, resources });
  return new Role(stack, 'ModelRole', {
    assumedBy: new ServicePrincipal('sagemaker.amazonaws.com'),
    inlinePolicies: {
      Serve: new PolicyDocument({
        statements: [
          allow(['s3:GetObject'], bucket.arnForObjects('iris/*')),
          allow(
            [
              ...['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer'],
              ...['ecr:BatchGetImage', 'cloudwatch:PutMetricData', 'logs:CreateLogGroup', 'logs:CreateLogStream'],
              ...['logs:DescribeLogStreams', 'logs:PutLogEvents'],
            ],
            '*',
          ),
        ],
      }),
    },
  });
}
