import * as path from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IRuleTarget, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IDependable } from 'constructs';
import { ENVIRONMENT, reconcileRequest } from './contract';
import type { Permit } from './private/permissions';
import { PolicyShelf } from './private/policy-packing';

/** Default quota of IAM for managed policies on one role. */
const MAX_MANAGED_POLICIES = 10;

const FUNCTION_TIMEOUT = Duration.seconds(60);

/** How a refresher is made. */
export interface RefresherProps {
  /**
   * How long the function's log is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;
}

/**
 * What swaps endpoints to new model data: a queue of promises ("look at this endpoint"), a function that keeps them,
 * and a dead-letter queue for those that it can't.
 *
 * A stack's endpoints share one, made with the first of them. To share one between stacks, or to have several in one
 * stack, make it and pass it to the endpoints. It serves endpoints of its own account and region.
 */
export class Refresher extends Construct {
  /** The refresher that the stack of `scope` shares by default; made when it isn't there yet. */
  public static of(scope: Construct): Refresher {
    const stack = Stack.of(scope);
    const id = 'FreshpointRefresher';
    return (stack.node.tryFindChild(id) as Refresher | undefined) ?? new Refresher(stack, id);
  }

  /** Promises to look at an endpoint. */
  public readonly queue: Queue;
  /** Promises that couldn't be kept, with the reason. Kept for 14 days. */
  public readonly deadLetterQueue: Queue;
  /** The function that keeps the promises. */
  public readonly handler: LambdaFunction;
  /** The function's log; deleted with the stack. */
  public readonly logGroup: LogGroup;

  private readonly role: Role;
  private readonly shelves: PolicyShelf[] = [];

  constructor(scope: Construct, id: string, props: RefresherProps = {}) {
    super(scope, id);

    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(6 * FUNCTION_TIMEOUT.toSeconds()),
      // Waiting for an endpoint means going back to the queue, and every receive counts: the most that SQS allows.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 1000 },
    });
    this.letRulesSend();

    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = this.makeRole();
    this.handler = new LambdaFunction(this, 'Handler', {
      description: 'Freshpoint: swaps SageMaker endpoints to new model data',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(path.join(__dirname, '..', 'assets', 'refresher')),
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      role: this.role,
      logGroup: this.logGroup,
      environment: {
        [ENVIRONMENT.queueUrl]: this.queue.queueUrl,
        [ENVIRONMENT.deadLetterQueueUrl]: this.deadLetterQueue.queueUrl,
      },
    });
    this.handler.addEventSource(
      new SqsEventSource(this.queue, {
        // Promises for one endpoint carry each other on within a batch, so big batches are cheap ones.
        batchSize: 1000,
        maxBatchingWindow: Duration.seconds(1),
        maxConcurrency: 2,
        reportBatchItemFailures: true,
      }),
    );
  }

  /**
   * The target of a rule that promises to look at an endpoint.
   *
   * @internal
   */
  public _promise(endpoint: string): IRuleTarget {
    return {
      bind: () => ({ arn: this.queue.queueArn, input: RuleTargetInput.fromObject(reconcileRequest(endpoint)) }),
    };
  }

  /**
   * Lets the function do what an endpoint of `stack` needs. The policies live in the endpoint's stack: in the
   * refresher's they would make the two stacks depend on each other. `early` ones name nothing that waits for the
   * function, so that deployments can wait for them. Returns what holds the policies.
   *
   * @internal
   */
  public _allow(stack: Stack, permits: Permit[], early: boolean): IDependable {
    const own = stack === Stack.of(this);
    const kind = early ? 'EarlyPermissions' : 'Permissions';
    const id = own ? kind : `Freshpoint${kind}${this.node.addr.slice(-8)}`;
    const scope = own ? this : stack;
    let shelf = scope.node.tryFindChild(id) as PolicyShelf | undefined;
    if (!shelf) {
      shelf = new PolicyShelf(scope, id, this.role);
      this.shelves.push(shelf);
    }
    shelf.add(permits);

    const policies = this.shelves.reduce((sum, each) => sum + each.size, 0);
    if (policies > MAX_MANAGED_POLICIES) {
      throw new Error(
        `The refresher "${this.node.path}" serves so many endpoints that its role needs ${policies} managed policies; ` +
          `IAM's quota is ${MAX_MANAGED_POLICIES}. Make a second one, new Refresher(stack, 'Refresher2'), and pass it ` +
          'to some of the endpoints as `refresher`.',
      );
    }
    return shelf;
  }

  /**
   * One statement for all rules of the account and region, also of other stacks. A statement per rule would let the
   * queue's policy grow with every endpoint, and rules that CloudFormation names have no pattern that is documented.
   * What another rule could send is at most a wish to look at an endpoint: the loop decides from what it finds.
   */
  private letRulesSend(): void {
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

  private makeRole(): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    // Promises that failed, and those that deployments ask for.
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
    return role;
  }
}
