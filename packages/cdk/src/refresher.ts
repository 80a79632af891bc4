import * as path from 'node:path';
import { Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { type IRuleTarget, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IDependable } from 'constructs';
import {
  ENVIRONMENT,
  METRIC_DIMENSIONS,
  METRIC_NAMES,
  METRICS_NAMESPACE,
  METRICS_SERVICE,
  reconcileRequest,
} from './contract';
import { allowAlarmsToPublish } from './private/alarm-topic';
import { concreteSeconds } from './private/durations';
import { allowServicesToEncrypt } from './private/key-policy';
import { PackedPolicies } from './private/packed-policies';
import type { Permit, PermitStage } from './private/permits';

/** IAM's default quota of managed policies per role. */
const MAX_MANAGED_POLICIES = 10;

const FUNCTION_TIMEOUT_SECONDS = 60;
const DEFAULT_MEMORY_MB = 256;
const QUEUE_RETENTION_DAYS = 14;

/** AWS recommends six times the function's timeout ("Using Lambda with Amazon SQS", AWS Lambda Developer Guide). */
const VISIBILITY_TIMEOUT_SECONDS = 6 * FUNCTION_TIMEOUT_SECONDS;

/** Each requeue counts as a receive, so the count must outlast the longest wait for an endpoint. SQS's maximum. */
const MAX_RECEIVE_COUNT = 1000;

/** Requests of one endpoint in a batch share one pass, so large batches are cheap. */
const BATCH_SIZE = 1000;

/**
 * Failed invocations in an hour that raise the alarm. A pass that dies is repeated ten times an hour, and cannot say
 * so itself.
 */
const MAX_FAILED_INVOCATIONS = 5;

/** Period of the alarm: each stalled endpoint has a pass at least that often, unless its sweep is rarer. */
const STALLED_PERIOD_HOURS = 1;

/** Longest time for which requests are gathered before the function is invoked with them, in seconds. */
const MAX_BATCHING_WINDOW_SECONDS = 12;
/** The batching window is this share of the shortest `waitTime`: it is part of that wait. */
const BATCHING_WINDOW_SHARE = 1 / 5;

const MAX_CONCURRENCY = 2;

/** What a function in a VPC needs (AWSLambdaVPCAccessExecutionRole). These actions have no narrower resource. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** Properties of a `Refresher`. */
export interface RefresherProps {
  /**
   * How long the function's log is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;

  /**
   * Topics that are notified when the refresher's alarm goes off, and when it is over.
   *
   * @default - none
   */
  readonly notify?: ITopic[];

  /**
   * Memory of the function, in MiB.
   *
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * The VPC in which the function runs. From its subnets, the function must reach SQS, S3, SSM, SageMaker,
   * CloudFormation, EventBridge and CloudWatch Logs: through a NAT gateway, or through VPC endpoints.
   *
   * @default - none
   */
  readonly vpc?: IVpc;

  /**
   * The subnets in which the function runs. Requires `vpc`.
   *
   * @default - the private subnets
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The function's security groups. Requires `vpc`.
   *
   * @default - a new one
   */
  readonly securityGroups?: ISecurityGroup[];

  /**
   * KMS key that encrypts the queues, the log and the function's environment variables.
   *
   * The construct adds what EventBridge and CloudWatch Logs need to the policy of a key of the app. The policy of an
   * imported key must already allow it.
   *
   * @default - the keys of the services
   */
  readonly encryptionKey?: IKey;

  /**
   * What happens to the log and to the dead-letter queue when the stack is deleted.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The controller that refreshes endpoints: a work queue of reconcile requests, a function that handles them, and a
 * dead-letter queue for requests that stall.
 *
 * By default the endpoints of a stack share one. To share one between stacks, or to use several in one stack, create it
 * and pass it to the endpoints. It serves endpoints in its own account and region.
 */
export class Refresher extends Construct {
  /** Returns the default refresher of the stack of `scope`, and creates it if it does not exist yet. */
  public static of(scope: Construct): Refresher {
    const stack = Stack.of(scope);
    const id = 'FreshpointRefresher';
    return (stack.node.tryFindChild(id) as Refresher | undefined) ?? new Refresher(stack, id);
  }

  /** The work queue of reconcile requests. */
  public readonly queue: Queue;
  /** Receives stalled requests, with the reason. Messages are kept for 14 days. */
  public readonly deadLetterQueue: Queue;
  /** The function that handles reconcile requests. */
  public readonly handler: LambdaFunction;
  /** The function's log. */
  public readonly logGroup: LogGroup;

  /**
   * In alarm while an endpoint is stalled, a message is in the dead-letter queue, or at least five invocations of the
   * function fail or are throttled within an hour.
   */
  public readonly alarm: Alarm;

  private readonly role: Role;
  private readonly packedPolicies: PackedPolicies[] = [];
  /** Of its endpoints, in seconds; 0 for one that is not known at synthesis. */
  private readonly waitTimes: number[] = [];

  constructor(scope: Construct, id: string, props: RefresherProps = {}) {
    super(scope, id);
    const { encryptionKey, removalPolicy = RemovalPolicy.DESTROY } = props;
    const common = {
      encryption: encryptionKey ? QueueEncryption.KMS : QueueEncryption.SQS_MANAGED,
      encryptionMasterKey: encryptionKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(QUEUE_RETENTION_DAYS),
    };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', { ...common, removalPolicy });
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: Duration.seconds(VISIBILITY_TIMEOUT_SECONDS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    this.allowRulesToSend();
    if (encryptionKey) allowServicesToEncrypt(encryptionKey, Stack.of(this));

    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      encryptionKey,
      removalPolicy,
    });
    this.role = this.createRole(props);
    this.handler = this.createHandler(props);
    this.alarm = this.createAlarm();
    this.notify(...(props.notify ?? []));
  }

  /**
   * Notifies the topics when the alarm goes off, and when it is over.
   *
   * Topics of the app, and their KMS keys, get a policy that lets CloudWatch alarms of the account publish. The
   * policies of imported ones must already allow it.
   */
  public notify(...topics: ITopic[]): void {
    for (const topic of topics) {
      allowAlarmsToPublish(this, topic);
      this.alarm.addAlarmAction(new SnsAction(topic));
      this.alarm.addOkAction(new SnsAction(topic));
    }
  }

  /**
   * Target of a rule that requests a reconciliation of the endpoint.
   *
   * @internal
   */
  public _reconcileTarget(endpointId: string, waitTime: Duration): IRuleTarget {
    this.waitTimes.push(concreteSeconds(waitTime) ?? 0);
    return {
      bind: () => ({ arn: this.queue.queueArn, input: RuleTargetInput.fromObject(reconcileRequest(endpointId)) }),
    };
  }

  /**
   * Grants the function permissions for an endpoint of `stack`, and returns the construct that holds them.
   *
   * The policies are in the endpoint's stack: in the refresher's, they would make the two stacks depend on each other.
   *
   * @internal
   */
  public _allow(stack: Stack, stage: PermitStage, permits: readonly Permit[]): IDependable {
    const isOwnStack = stack === Stack.of(this);
    const id = isOwnStack ? `${stage}Permissions` : `Freshpoint${stage}Permissions${this.node.addr.slice(-8)}`;
    const scope = isOwnStack ? this : stack;
    let policies = scope.node.tryFindChild(id) as PackedPolicies | undefined;
    if (!policies) {
      policies = new PackedPolicies(scope, id, this.role);
      this.packedPolicies.push(policies);
    }
    policies.add(permits);

    const count = this.packedPolicies.reduce((sum, each) => sum + each.policyCount, 0);
    if (count > MAX_MANAGED_POLICIES) {
      throw new Error(
        `The role of refresher "${this.node.path}" needs ${count} managed policies for its endpoints, but IAM's ` +
          `quota is ${MAX_MANAGED_POLICIES}. Create a second refresher, new Refresher(stack, 'Refresher2'), and pass it to ` +
          'some of the endpoints as `refresher`.',
      );
    }
    return policies;
  }

  /**
   * For how long requests are gathered. The longer, the fewer invocations; but a person's action, the end of an update
   * and each further pass over a long copy wait for it, too. Lambda wants a second for batches of more than ten.
   */
  private batchingWindowSeconds(): number {
    const shortest = Math.min(...this.waitTimes, Number.POSITIVE_INFINITY);
    return Math.max(1, Math.floor(Math.min(MAX_BATCHING_WINDOW_SECONDS, shortest * BATCHING_WINDOW_SHARE)));
  }

  private createHandler(props: RefresherProps): LambdaFunction {
    const { vpc, vpcSubnets, securityGroups, encryptionKey, memorySize = DEFAULT_MEMORY_MB } = props;
    const handler = new LambdaFunction(this, 'Handler', {
      description: 'Freshpoint: refreshes SageMaker endpoints',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(path.join(__dirname, '..', 'assets', 'refresher')),
      memorySize,
      vpc,
      vpcSubnets,
      securityGroups,
      environmentEncryption: encryptionKey,
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      role: this.role,
      logGroup: this.logGroup,
      environment: {
        [ENVIRONMENT.queueUrl]: this.queue.queueUrl,
        [ENVIRONMENT.deadLetterQueueUrl]: this.deadLetterQueue.queueUrl,
        [ENVIRONMENT.roleArn]: this.role.roleArn,
        [ENVIRONMENT.roleId]: this.role.roleId,
        [ENVIRONMENT.batchingWindow]: Lazy.string({ produce: () => String(this.batchingWindowSeconds()) }),
      },
    });
    handler.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: BATCH_SIZE,
        maxBatchingWindow: Duration.seconds(Lazy.number({ produce: () => this.batchingWindowSeconds() })),
        maxConcurrency: MAX_CONCURRENCY,
        reportBatchItemFailures: true,
      }),
    );
    return handler;
  }

  private createAlarm(): Alarm {
    const period = Duration.hours(STALLED_PERIOD_HOURS);
    const stalled = new Metric({
      namespace: METRICS_NAMESPACE,
      metricName: METRIC_NAMES.stalled,
      dimensionsMap: {
        [METRIC_DIMENSIONS.service]: METRICS_SERVICE,
        [METRIC_DIMENSIONS.refresher]: this.handler.functionName,
      },
      statistic: Stats.MAXIMUM,
      period,
    });
    const deadLetters = this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: Stats.MAXIMUM,
      period,
    });
    const errors = this.handler.metricErrors({ statistic: Stats.SUM, period });
    const throttles = this.handler.metricThrottles({ statistic: Stats.SUM, period });
    return new Alarm(this, 'Alarm', {
      alarmDescription:
        'Freshpoint: newer model data is not being served, a message is in the dead-letter queue, or the function ' +
        'fails. `npx freshpoint status` and `npx freshpoint explain <endpoint>` say why; what to do: docs/operations.md.',
      metric: new MathExpression({
        expression:
          'FILL(stalled, 0) + FILL(deadLetters, 0) + ' +
          `IF(FILL(errors, 0) + FILL(throttles, 0) >= ${MAX_FAILED_INVOCATIONS}, 1, 0)`,
        label: 'stalled endpoints, dead letters or a failing function',
        usingMetrics: { stalled, deadLetters, errors, throttles },
        period,
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * One statement for all rules of the account and region, also those of other stacks. With a statement per rule, the
   * queue's policy would grow with every endpoint, and the names that CloudFormation generates follow no documented
   * pattern. The function takes nothing but a request to reconcile from others, so a foreign rule cannot change what is
   * served.
   */
  private allowRulesToSend(): void {
    const rules = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: '*' });
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: { ArnLike: { 'aws:SourceArn': rules } },
      }),
    );
  }

  private createRole({ vpc, encryptionKey }: RefresherProps): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    // Stalled requests go to the dead-letter queue, those of deployments to the work queue.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [this.deadLetterQueue.queueArn, this.queue.queueArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['events:PutEvents'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
      }),
    );
    if (vpc) role.addToPolicy(new PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] }));
    encryptionKey?.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return role;
  }
}
