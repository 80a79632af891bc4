import { DEPLOYMENT_TIMEOUT_SECONDS, type DeploymentRequest } from '@freshpoint/cdk/contract';
import { EngineError, isDenied, isLasting, StateConflict } from '../errors.ts';
import { isAwaited } from '../policy/deployment-request.ts';
import { SHORT_POLL_SECONDS } from '../policy/next.ts';
import type { StackView } from '../policy/observation.ts';
import type { CustomResourceResponse } from '../ports.ts';
import { describeError } from './failed-call.ts';
import type { EndpointContext } from './pass.ts';
import type { ReconcileResult } from './result.ts';
import { tryTo, tryToRead } from './try-to.ts';

/** For how long a call may fail because what was just granted or created is not known everywhere yet, in ms. */
const LASTING_GRACE_MS = 3 * 60_000;
/** How long after the deadline a pass may still observe before it answers, in ms: the function's timeout. */
const LAST_PASS_MS = 60_000;
/** How long after the deadline a refusal may wait until the stack is described, in ms: CloudFormation waits an hour. */
const LAST_REFUSAL_MS = 5 * 60_000;
/** How often the stack is then described, and the pause between, in ms: a rollback must not be failed. */
const MAX_DESCRIPTIONS = 5;
const DESCRIPTION_PAUSE_MS = 4_000;
/** For how long DescribeStacks may answer with an earlier status, in ms. */
const OUTDATED_STACK_MS = 60_000;

/** A request of CloudFormation to a custom resource of an endpoint. */
export interface DeploymentContext<Request extends DeploymentRequest> extends EndpointContext {
  readonly request: Request;
}

/**
 * One pass for a deployment that waits. Every result but `requeue` has responded. The deadline comes first: should
 * passes keep dying, the last one answers before it does anything else.
 */
export async function runDeployment<Request extends DeploymentRequest>(
  context: DeploymentContext<Request>,
  pass: () => Promise<ReconcileResult>,
): Promise<ReconcileResult> {
  const { ports, endpoint, request } = context;
  if (ports.now() >= request.deadline + LAST_PASS_MS) {
    const minutes = DEPLOYMENT_TIMEOUT_SECONDS / 60;
    return refuse(
      context,
      `The refresher found no answer within ${minutes} minutes. Check its log, then deploy again.`,
    );
  }
  const stack = await tryToDescribe(context);
  if (stack && !isAwaited(request.type, stack)) {
    const message = `The stack is ${stack.status}: it waits for no ${request.type} of ${request.logicalResourceId}.`;
    if (ports.now() < requestedAt(request) + OUTDATED_STACK_MS) return wait(context, message, SHORT_POLL_SECONDS);
    // A message that came again, or outlived its stack: nothing is left for a person to do.
    return respond(context, refusalOf(request, stack, message), { reason: 'DeploymentNotAwaited', message });
  }
  try {
    return await pass();
  } catch (error) {
    if (error instanceof StateConflict || !isFinal(error, ports.now(), request)) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return refuse(context, describeFinal(error, request));
  }
}

function isFinal(error: unknown, now: number, { type, deadline }: DeploymentRequest): boolean {
  if (error instanceof EngineError || now >= deadline) return true;
  // A deletion does not wait for permissions: they were there before.
  return isLasting(error) && (type === 'Delete' || now >= requestedAt({ deadline }) + LASTING_GRACE_MS);
}

/** When the request came, epoch ms. */
export function requestedAt({ deadline }: Pick<DeploymentRequest, 'deadline'>): number {
  return deadline - DEPLOYMENT_TIMEOUT_SECONDS * 1000;
}

function describeFinal(error: unknown, request: DeploymentRequest): string {
  return error instanceof EngineError ? error.message : describeError(error, request, 'Deploy again');
}

/** The deployment waits for another pass. */
export function wait({ ports, endpoint }: EndpointContext, message: string, seconds: number): ReconcileResult {
  ports.telemetry.decision({ endpoint, decision: 'requeue', reason: 'DeploymentWaiting', message, seconds });
  return { kind: 'requeue', seconds };
}

/** Lets the deployment continue. */
export function admit(
  context: DeploymentContext<DeploymentRequest>,
  outcome: DeploymentOutcome,
): Promise<ReconcileResult> {
  return respond(context, { Status: 'SUCCESS' }, outcome);
}

/** Answers that the deployment fails, and counts as stalled. */
export async function refuse(context: DeploymentContext<DeploymentRequest>, message: string): Promise<ReconcileResult> {
  const { request } = context;
  const stack = request.type === 'Delete' ? undefined : await describeBeforeRefusal(context);
  if (stack === 'unknown')
    return wait(context, `${message} It is not known yet whether this is a rollback.`, SHORT_POLL_SECONDS);
  const outcome = { decision: 'stalled', reason: 'DeploymentRefused', message } as const;
  return respond(context, refusalOf(request, stack, message), outcome);
}

/**
 * Fails the deployment, but neither its rollback nor a deletion: that would leave the stack in UPDATE_ROLLBACK_FAILED
 * or DELETE_FAILED, which only a person can resolve. They continue without what they asked for.
 */
function refusalOf({ type }: DeploymentRequest, stack: StackView | undefined, message: string): CustomResourceResponse {
  const isTolerant = type === 'Delete' || isRollback(stack);
  return isTolerant ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: message };
}

/** What is logged of an answer. */
interface DeploymentOutcome {
  readonly decision?: 'done' | 'stalled';
  readonly reason: string;
  readonly message?: string;
  readonly revision?: string;
}

async function respond(
  { ports, endpoint, request }: DeploymentContext<DeploymentRequest>,
  response: CustomResourceResponse,
  { decision = 'done', ...entry }: DeploymentOutcome,
): Promise<ReconcileResult> {
  await ports.responses.respond(request, response);
  ports.telemetry.decision({ endpoint, decision, ...entry });
  return { kind: 'done' };
}

/** Whether it is the rollback of a deployment: what it loads follows from that, so errors that pass are thrown. */
export async function isRollingBack(context: DeploymentContext<DeploymentRequest>): Promise<boolean> {
  return isRollback(await tryToRead(context, () => context.ports.stacks.describe(context.request.stackId)));
}

function isRollback(stack: StackView | undefined): boolean {
  return stack?.status.includes('ROLLBACK') ?? false;
}

/** The stack. `unknown`: CloudFormation does not describe it just now, and there is time to ask again. */
async function describeBeforeRefusal({
  ports,
  endpoint,
  request,
}: DeploymentContext<DeploymentRequest>): Promise<StackView | 'unknown' | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ports.stacks.describe(request.stackId);
    } catch (error) {
      ports.telemetry.error(endpoint, error, 0);
      if (isDenied(error)) return undefined;
      if (ports.now() < request.deadline + LAST_REFUSAL_MS) return 'unknown';
      if (attempt === MAX_DESCRIPTIONS) return undefined;
      await ports.sleep(DESCRIPTION_PAUSE_MS);
    }
  }
}

/** The stack. Undefined: CloudFormation does not describe it. */
function tryToDescribe(context: DeploymentContext<DeploymentRequest>): Promise<StackView | undefined> {
  return tryTo(context, () => context.ports.stacks.describe(context.request.stackId));
}
