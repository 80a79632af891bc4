import {
  CreateStackCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  type StackEvent,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { DeployedStack } from '../cdk-deploy.ts';
import { BROKEN, CONTAINER_ENVIRONMENT, namedModel } from '../model-archive.ts';
import { PROBE_FOLDER, VARIANT } from '../places.ts';
import type { RunContext } from '../run-context.ts';
import { waitFor } from '../wait-for.ts';
import type { Answer } from './answer.ts';
import { STARTUP_TIMEOUT_SECONDS } from './spare-endpoint.ts';

/** What CloudFormation did, in order of time. */
export interface StackStep {
  readonly resource: string;
  readonly status: string;
  readonly reason: string;
}

/** A stack whose update failed at its endpoint. */
export interface RollbackRun {
  readonly stackName: string;
  readonly status: string;
  readonly steps: readonly StackStep[];
}

/** Each depends on the one before, and the endpoint on the last. */
const CHAIN = ['First', 'Second', 'Third'] as const;
const [FIRST, SECOND, THIRD] = CHAIN;

interface RollbackTemplate {
  readonly context: RunContext;
  readonly stack: DeployedStack;
  readonly model: string;
}

const modelKey = (model: string) => `${PROBE_FOLDER}rollback-${model}/model.tar.gz`;

/** A chain of parameters, and an endpoint after them. A new model replaces model and config, as in the construct. */
function templateOf({ context, stack, model }: RollbackTemplate): string {
  const parameter = (after?: string) => ({
    Type: 'AWS::SSM::Parameter',
    Properties: { Type: 'String', Value: model },
    ...(after !== undefined && { DependsOn: after }),
  });
  // Another name for each model: a replacement is made before what it replaces is deleted.
  const name = `${context.names.rollbackStack}-${model}`;
  const container = {
    Image: context.image,
    ModelDataUrl: `s3://${stack.modelsBucket}/${modelKey(model)}`,
    Environment: CONTAINER_ENVIRONMENT,
  };
  const variant = {
    VariantName: VARIANT,
    ModelName: { 'Fn::GetAtt': ['Model', 'ModelName'] },
    InstanceType: context.instanceType,
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
    ContainerStartupHealthCheckTimeoutInSeconds: STARTUP_TIMEOUT_SECONDS,
  };
  return JSON.stringify({
    Resources: {
      [FIRST]: parameter(),
      [SECOND]: parameter(FIRST),
      [THIRD]: parameter(SECOND),
      Model: {
        Type: 'AWS::SageMaker::Model',
        Properties: { ModelName: name, ExecutionRoleArn: stack.executionRoleArn, PrimaryContainer: container },
      },
      Config: {
        Type: 'AWS::SageMaker::EndpointConfig',
        Properties: { EndpointConfigName: name, ProductionVariants: [variant] },
      },
      Endpoint: {
        Type: 'AWS::SageMaker::Endpoint',
        Properties: {
          EndpointName: context.names.rollbackStack,
          EndpointConfigName: { 'Fn::GetAtt': ['Config', 'EndpointConfigName'] },
        },
        DependsOn: THIRD,
      },
    },
  });
}

/** Creates a stack with an endpoint, then updates it to a model that does not start. */
export async function failedUpdate(context: RunContext & { readonly stack: DeployedStack }): Promise<RollbackRun> {
  const { names, session, signal, stack, print } = context;
  const { cloudformation, s3 } = session.clients;
  const StackName = names.rollbackStack;
  for (const model of ['good', BROKEN]) {
    const Body = namedModel(model);
    await s3.send(new PutObjectCommand({ Bucket: stack.modelsBucket, Key: modelKey(model), Body }));
  }
  const settled = (what: string) =>
    waitFor({ ...session.pace, signal }, what, async () => {
      const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
      const { StackStatus = '' } = Stacks[0] ?? {};
      return StackStatus.endsWith('_IN_PROGRESS') ? undefined : StackStatus;
    });
  print(`Create stack ${StackName}`);
  const template = (model: string) => templateOf({ context, stack, model });
  await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody: template('good') }));
  const created = await settled(`stack ${StackName} is created`);
  if (created !== 'CREATE_COMPLETE') throw new Error(`Stack ${StackName} is ${created} after its creation.`);
  print(`Update stack ${StackName} to a model that does not start`);
  await cloudformation.send(new UpdateStackCommand({ StackName, TemplateBody: template(BROKEN) }));
  const status = await settled(`stack ${StackName} is rolled back`);
  const events: StackEvent[] = [];
  for await (const page of paginateDescribeStackEvents({ client: cloudformation }, { StackName })) {
    events.push(...(page.StackEvents ?? []));
  }
  const steps = events.reverse().map((event) => ({
    resource: event.LogicalResourceId ?? '',
    status: event.ResourceStatus ?? '',
    reason: event.ResourceStatusReason ?? '',
  }));
  return { stackName: StackName, status, steps };
}

/** What happened since the stack began to roll back. */
const rolledBack = ({ stackName, steps }: RollbackRun) =>
  steps.slice(
    steps.findLastIndex(({ resource, status }) => resource === stackName && status === 'UPDATE_ROLLBACK_IN_PROGRESS'),
  );

const shownStep = ({ resource, status, reason }: StackStep) => `${resource} ${status}${reason ? `: ${reason}` : ''}`;

/** Whether CloudFormation rolls an endpoint back to the config that it is on already. */
export function judgeRollback(run: RollbackRun): Answer {
  const ofEndpoint = run.steps.filter(({ resource }) => resource === 'Endpoint');
  const evidence = [`the stack ended in ${run.status}`, ...ofEndpoint.map(shownStep)];
  if (!ofEndpoint.some(({ status }) => status === 'UPDATE_FAILED')) {
    return { verdict: 'open', answer: 'The update of the endpoint did not fail.', evidence };
  }
  if (run.status === 'UPDATE_ROLLBACK_COMPLETE') {
    return { verdict: 'holds', answer: 'The stack is rolled back.', evidence };
  }
  return { verdict: 'differs', answer: `The stack ends in ${run.status}.`, evidence };
}

/** In which order a rollback restores a chain of resources. */
export function judgeRollbackOrder(run: RollbackRun): Answer {
  const restored = rolledBack(run).filter(
    ({ resource, status }) => (CHAIN as readonly string[]).includes(resource) && status === 'UPDATE_COMPLETE',
  );
  const order = restored.map(({ resource }) => resource);
  const evidence = [`restored: ${order.join(', ')}; each depends on the one before: ${CHAIN.join(', ')}`];
  if (order.length !== CHAIN.length) {
    return { verdict: 'open', answer: 'Not every resource was restored.', evidence };
  }
  if (order.join() === CHAIN.join()) {
    return { verdict: 'answered', answer: 'In the order of an update: what others depend on comes first.', evidence };
  }
  if (order.join() === CHAIN.toReversed().join()) {
    return { verdict: 'answered', answer: 'In the reverse order: what depends on others comes first.', evidence };
  }
  return { verdict: 'answered', answer: 'In neither order of the dependencies.', evidence };
}
