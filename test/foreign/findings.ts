/** Findings of cfn-lint and checkov on the examples that are as they should be, by rule, and why. */
export const JUSTIFIED: Readonly<Record<string, string>> = {
  W3005: 'CDK writes DependsOn also where a reference orders the resources: it is redundant, and harmless',
  CKV_AWS_18: 'access logging of a bucket costs, and is the choice of the account: pass a bucket of your own',
  CKV_AWS_21:
    'the data bucket needs no versions: revisions are never overwritten, and the state is written by compare-and-set; ' +
    'the buckets of models work with and without',
  CKV_AWS_26:
    'the canary example’s topic: EventBridge and CloudWatch cannot publish to one with AWS’s own key of KMS, and a key ' +
    'for them costs, and is the choice of the account',
  CKV_AWS_27: 'the queues are encrypted with the key of SQS (SqsManagedSseEnabled); the rule knows only keys of KMS',
  CKV_AWS_111: 'actions of ECR, CloudWatch Logs and CloudWatch that have no narrower resource',
  CKV_AWS_115: 'the event source mapping bounds the concurrency; reserved concurrency takes from the account’s quota',
  CKV_AWS_116: 'the queue has the dead-letter queue; nothing invokes the function asynchronously but CloudFormation',
  CKV_AWS_117: 'the function calls AWS APIs only; Refresher takes a VPC for accounts that demand one',
  CKV_AWS_158: 'CloudWatch Logs encrypts with its own key; Refresher takes a key of KMS',
  CKV_AWS_173: 'the variables are no secrets: URLs of queues, and the name of the role; Refresher takes a key of KMS',
  CKV_AWS_370: 'a property of the user’s model: the construct passes enableNetworkIsolation on',
};

/** A finding of cdk-nag on resources that an example declares itself, as `<construct> <rule>`, and why it stays. */
interface NagFinding {
  readonly finding: RegExp;
  readonly why: string;
}

/** None is on a resource of the construct: whoever uses it has nothing to suppress. */
export const NAG_FINDINGS: readonly NagFinding[] = [
  {
    finding: /\/(Models|Requests|Output|Pointers|Archives)\/Resource AwsSolutions-S1$/,
    why: 'access logging of a bucket costs, and is the choice of the account',
  },
  {
    finding: /^Adopt\/ModelRole\/Resource AwsSolutions-IAM5\[Resource::(\*|[^*]*\/iris\/\*)\]$/,
    why: 'the role that the model had before Freshpoint; without one, the construct makes one',
  },
  {
    finding:
      /^Async\/Endpoint\/ExecutionRole\/.* AwsSolutions-IAM5\[(Action::s3:|Resource::<Requests[^/]*\/requests\/)/,
    why: 'grantRead on the bucket of the requests, which each have a key of their own',
  },
];
