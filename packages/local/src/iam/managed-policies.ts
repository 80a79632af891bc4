import { AwsError } from '../core/aws-error.ts';
import { parsePolicy, type Statement } from './policy-document.ts';

/** Documents of the simulated AWS managed policies, by path and name. */
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' },
    ],
  },
};

/** Whether the ARN names a policy that AWS owns. */
export function isAwsManaged(policyArn: string): boolean {
  return /^arn:[\w-]+:iam::aws:policy\//.test(policyArn);
}

/** The statements of an AWS managed policy. Throws AwsError NoSuchEntity for one that is not simulated. */
export function awsManagedPolicy(policyArn: string): Statement[] {
  const name = policyArn.replace(/^.*:policy\//, '');
  if (!Object.hasOwn(DOCUMENTS, name)) {
    throw new AwsError(
      'NoSuchEntity',
      `The local runtime does not know the AWS managed policy ${policyArn}. ` +
        `Available policies: ${Object.keys(DOCUMENTS).join(', ')}. ` +
        'Give the role an inline policy with the statements that it needs.',
      404,
    );
  }
  return parsePolicy(DOCUMENTS[name], 'identity');
}
