import { ENVIRONMENT } from '@freshpoint/cdk/contract';
import { awsPorts, createHandler } from '@freshpoint/engine';
import { cloudFormationResponses } from '@freshpoint/engine/adapters/cloudformation-responses';
import type { Telemetry } from '@freshpoint/engine/ports';
import { sleep } from '@freshpoint/local/core/clock';
import type { Caller } from '@freshpoint/local/core/cloud';
import type {
  EnvironmentSpec,
  FunctionRunner,
  FunctionRunnerFactory,
  Invocation,
  InvocationOutcome,
} from '@freshpoint/local/lambda/index';
import type { CloudFormationCustomResourceEvent, SQSEvent } from 'aws-lambda';
import { asSdkError, type Mishap, mishapError } from './sdk-error.ts';
import { skewed, type World } from './world.ts';

/** What becomes of one call of the function. */
export interface CallPlan {
  /** On its way, in ms. */
  readonly requestMs: number;
  /** On the way back, in ms. */
  readonly replyMs: number;
  /** The function ends: before the request leaves, or after the effect and before the reply. */
  readonly kill?: 'before' | 'after';
  /** The service does nothing and says so. */
  readonly mishapBefore?: Mishap;
  /** The service does it, and the reply says otherwise. */
  readonly mishapAfter?: Exclude<Mishap, 'throttled'>;
  /** The answer of so many ms ago. Reads only. */
  readonly staleMs?: number;
}

/** Who decides what becomes of the function's calls, and looks at them. */
export interface Overseer {
  plan(run: FunctionRun, service: string, operation: string): CallPlan;
  /** The request arrives at the service. */
  calling(run: FunctionRun): void;
  /** The answer of `staleMs` ago; undefined where that isn't known. */
  stale(service: string, operation: string, input: object, staleMs: number): unknown;
  started(run: FunctionRun): void;
  ended(run: FunctionRun, how: string): void;
  /** What the service answered or threw, at the moment of its effect. */
  answered(run: FunctionRun, service: string, operation: string, input: object, output: unknown, error: unknown): void;
  telemetry(run: FunctionRun): Telemetry;
  /** By how much the function's clock is ahead, in ms. */
  readonly skewMs: number;
}

/** Where each of the loop's clients signs its calls. */
const SERVICES = {
  sagemaker: 'sagemaker',
  sagemakerRuntime: 'sagemaker',
  s3: 's3',
  ssm: 'ssm',
  sqs: 'sqs',
  cloudformation: 'cloudformation',
  events: 'events',
} as const;

/** A request that has left still arrives when its function ends meanwhile, unless it takes longer than this, in ms. */
const IN_FLIGHT_MS = 5000;

type FunctionEvent = SQSEvent | CloudFormationCustomResourceEvent;

/** A command of one of the SDK's clients. */
interface SdkCommand {
  readonly input: object;
}

/** One invocation of the engine's own handler, on clients that call the services in virtual time. */
export class FunctionRun {
  readonly id: number;
  readonly caller: Caller;
  readonly startedAt: number;
  /** How many calls it has made. */
  calls = 0;
  dead = false;
  /** Something went wrong in it. */
  isDisturbed = false;
  /** What it wrote last was put aside for somebody else's. */
  hadConflict = false;
  /** Its last answers by operation. */
  // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes, one per operation
  readonly seen = new Map<string, { readonly at: number; readonly output: any }>();
  /** When each source was looked at. A look at several is not made in one instant. */
  readonly sourcesReadAt: number[] = [];
  readonly #world: World;
  readonly #overseer: Overseer;
  #end: (outcome: InvocationOutcome) => void = () => undefined;

  constructor(world: World, overseer: Overseer, id: number, caller: Caller) {
    this.#world = world;
    this.#overseer = overseer;
    this.id = id;
    this.caller = caller;
    this.startedAt = world.clock.now();
  }

  /** Settles when the handler answers or the function is ended. */
  invoke(event: FunctionEvent, env: Readonly<Record<string, string>>): Promise<InvocationOutcome> {
    const { clock } = this.#world;
    const overseer = this.#overseer;
    const clients = Object.fromEntries(
      Object.entries(SERVICES).map(([client, service]) => [
        client,
        { send: (command: SdkCommand) => this.#send(service, command) },
      ]),
    );
    const put = async (url: string, { body }: { body: string }) =>
      new Response(null, { status: (await this.#answer(url, body)) as number });
    const handler = createHandler(
      awsPorts({
        clients: clients as unknown as Parameters<typeof awsPorts>[0]['clients'],
        queueUrl: env[ENVIRONMENT.queueUrl]!,
        deadLetterQueueUrl: env[ENVIRONMENT.deadLetterQueueUrl]!,
        answers: cloudFormationResponses(put as unknown as typeof fetch),
        telemetry: overseer.telemetry(this),
        checkArchive: looksLikeArchive,
        now: skewed(clock, overseer.skewMs).now,
      }),
    );
    overseer.started(this);
    return new Promise((resolve) => {
      this.#end = resolve;
      handler(event).then(
        (answer) => this.#finish('answered', { payload: Buffer.from(JSON.stringify(answer ?? null)) }),
        (error: Error) =>
          this.#finish(`threw ${error.message}`, { failure: { errorType: error.name, errorMessage: error.message } }),
      );
    });
  }

  /** The function is gone at once, whatever it was doing. */
  end(how: string): void {
    this.#finish(how, { failure: { errorType: 'Runtime.ExitError', errorMessage: how }, ended: true });
  }

  #finish(how: string, outcome: InvocationOutcome): void {
    if (this.dead) return;
    this.dead = true;
    this.#overseer.ended(this, how);
    this.#end(outcome);
  }

  #send(service: string, command: SdkCommand): Promise<unknown> {
    const operation = command.constructor.name.replace(/Command$/, '');
    const { input } = command;
    return this.#through(service, operation, input, async () => {
      const output = await this.#world.cloud.call(service, operation, input, this.caller);
      return operation === 'InvokeEndpoint' ? { ...output, Body: await read(output.Body) } : output;
    });
  }

  #answer(url: string, body: string): Promise<unknown> {
    return this.#through('http', 'Answer', { url, body }, async () => this.#world.answer(url, body));
  }

  async #through(service: string, operation: string, input: object, call: () => Promise<unknown>): Promise<unknown> {
    if (this.dead) return await never();
    this.calls += 1;
    const overseer = this.#overseer;
    const { clock } = this.#world;
    const plan = overseer.plan(this, service, operation);
    if (plan.kill === 'before') {
      this.end(`killed before ${operation}`);
      return await never();
    }
    await sleep(clock, plan.requestMs);
    if (this.dead && plan.requestMs > IN_FLIGHT_MS) return await never();
    if (plan.mishapBefore) {
      await sleep(clock, plan.replyMs);
      if (this.dead) return await never();
      throw mishapError(plan.mishapBefore);
    }
    const stale = plan.staleMs === undefined ? undefined : overseer.stale(service, operation, input, plan.staleMs);
    let output: unknown;
    let error: unknown;
    overseer.calling(this);
    try {
      output = stale ?? (await call());
    } catch (thrown) {
      error = thrown;
    }
    overseer.answered(this, service, operation, input, output, error);
    // A version of the past is read to put it back, not to decide.
    const isLook = !JSON.stringify(input).includes('/state:');
    if (!this.dead && isLook) this.seen.set(operation, { at: clock.now(), output });
    const isSource = (input as { Bucket?: string }).Bucket === this.#world.bucket;
    if (isSource && (operation === 'HeadObject' || operation === 'ListObjectsV2')) this.sourcesReadAt.push(clock.now());
    if (plan.kill === 'after') this.end(`killed after ${operation}`);
    await sleep(clock, plan.replyMs);
    if (this.dead) return await never();
    if (error !== undefined) throw asSdkError(error);
    if (plan.mishapAfter) throw mishapError(plan.mishapAfter);
    return output;
  }
}

/** Inflating takes threads, whose time isn't the run's: the bytes say what they are. */
const looksLikeArchive: NonNullable<Parameters<typeof awsPorts>[0]['checkArchive']> = async (body, { uri }) => {
  const bytes = (await read(body)).toString();
  if (bytes.startsWith('junk')) return { kind: 'refused', message: `${uri} is no archive` };
  return { kind: 'sound', whole: true, entries: 1, bytesRead: bytes.length };
};

async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Functions that run the handler in this process. */
export function refresherFactory(world: World, overseer: Overseer): FunctionRunnerFactory {
  let runs = 0;
  return {
    runtimes: ['nodejs24.x', 'nodejs22.x'],
    create: (spec: EnvironmentSpec): FunctionRunner => {
      let current: FunctionRun | undefined;
      return {
        init: async () => undefined,
        invoke(payload: Uint8Array, _invocation: Invocation) {
          const caller = world.callerOf(spec.env);
          current = new FunctionRun(world, overseer, ++runs, caller);
          return current.invoke(JSON.parse(Buffer.from(payload).toString()) as FunctionEvent, spec.env);
        },
        async stop() {
          current?.end('timed out');
        },
      };
    },
  };
}
