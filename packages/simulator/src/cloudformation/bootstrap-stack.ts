/**
 * The version that CDK's templates and command find. It is older than that of any CDK command, so that `cdk bootstrap`
 * replaces the stack below by its own.
 */
export const BOOTSTRAP_VERSION = '21';

/** The name that `cdk bootstrap` gives its stack. */
export const BOOTSTRAP_STACK_NAME = 'CDKToolkit';

/**
 * What `cdk deploy` needs of a bootstrapped account, with the logical ids and names of CDK's own template: the assets
 * bucket and the version. Publishing and deploying use the caller's own rights, as CDK does where there are no roles.
 */
export const BOOTSTRAP_TEMPLATE = {
  Description: 'This stack includes resources needed to deploy AWS CDK apps into this environment',
  Parameters: { Qualifier: { Type: 'String', Default: 'hnb659fds' } },
  Resources: {
    StagingBucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: {
          'Fn::Join': ['-', ['cdk', { Ref: 'Qualifier' }, 'assets', { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }]],
        },
        VersioningConfiguration: { Status: 'Enabled' },
      },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    },
    CdkBootstrapVersion: {
      Type: 'AWS::SSM::Parameter',
      Properties: {
        Type: 'String',
        Name: { 'Fn::Join': ['/', ['', 'cdk-bootstrap', { Ref: 'Qualifier' }, 'version']] },
        Value: BOOTSTRAP_VERSION,
      },
    },
  },
  Outputs: {
    BucketName: { Value: { Ref: 'StagingBucket' } },
    BucketDomainName: { Value: { 'Fn::GetAtt': ['StagingBucket', 'RegionalDomainName'] } },
    BootstrapVersion: { Value: BOOTSTRAP_VERSION },
  },
};
