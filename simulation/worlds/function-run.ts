import { ENVIRONMENT } from '@freshpoint/cdk/contract';
import { awsPorts, createHandler } from '@freshpoint/engine';
import { UPDATE_CLIENT_CONFIG } from '@freshpoint/engine/adapters/client';
import { cloudFormationResponses } from '@freshpoint/engine/adapters/cloudformation-responses';
import { nameFailedCall } from '@freshpoint/engine/errors';
import type { Telemetry } from '@freshpoint/engine/ports';
import { skewed, sleep } from '@freshpoint/simulator/core/clock';
import type { Caller } from '@freshpoint/simulator/core/cloud';
import type { InvocationOutcome } from '@freshpoint/simulator/lambda/index';
import type { CloudFormationCustomResourceEvent, SQSEvent } from 'aws-lambda';
import { type Random, seededRandom } from '../random.ts';
import type { AnswerOf } from './answers.ts';
import { asSdkError, type Mishap, mishapError } from './sdk-error.ts';
import { retryPauseMs, SDK_ATTEMPTS } from './sdk-retries.ts';
import { kindOf, packageSource } from './source-names.ts';
import type { World } from './world.ts';

/** In ms; `last swap`: the answer before the last swap, soon after its end. */
export type Staleness = number | 'last swap';

/** How one attempt of a call of the function goes. */
export interface CallPlan {
  /** How long the request takes to the service, in ms. */
  readonly requestMs: number;
  /** How long the reply takes, in ms. */
  readonly replyMs: number;
  /** The function ends: before the request leaves, or after the effect and before the reply. */
  readonly kill?: 'before' | 'after';
  /** The service has no effect and replies with this error. */
  readonly mishapBefore?: Mishap;
  /** The service has its effect and replies with this error. */
  readonly mishapAfter?: Exclude<Mishap, 'throttled'>;
  /** The mishap meets each further attempt of the SDK, too. */
  readonly isPersistent?: true;
  /** The reply takes that much longer, in ms: as a rule longer than the function lives. */
  readonly slowReplyMs?: number;
  /** The service answers with its state of that many ms ago, or before the last swap. Reads only. */
  readonly stale?: Staleness;
}

/** One attempt of a call, before it is sent. */
export interface Attempt {
  readonly service: string;
  readonly operation: string;
  /** The plan of the attempt before. Absent: this is the first one. */
  readonly before?: CallPlan;
}

/** One call that has arrived at a service, and its result. */
export interface Exchange {
  readonly service: string;
  readonly operation: string;
  readonly input: object;
  readonly output: unknown;
  readonly error: unknown;
}

/** Decides what happens to the function's calls, and observes them. */
export interface Overseer {
  plan(run: FunctionRun, attempt: Attempt): CallPlan;
  /** The request arrives at the service. */
  calling(run: FunctionRun): void;
  /** The stale answer; undefined where there is none. */
  stale(request: Pick<Exchange, 'service' | 'operation' | 'input'>, staleness: Staleness): unknown;
  started(run: FunctionRun): void;
  ended(run: FunctionRun, how: string): void;
  /** At the moment of the effect. */
  answered(run: FunctionRun, exchange: Exchange): void;
  telemetry(run: FunctionRun): Telemetry;
  /** By how much the function's clock is ahead, in ms. */
  readonly skewMs: number;
}

/** What the state of a source is read with. */
const SOURCE_READS = new Set(['HeadObject', 'ListObjectsV2']);

/** The client that must not retry. */
const UPDATE_CLIENT = 'sagemakerUpdates';

/** The service behind each of the controller's clients. */
const SERVICES = {
  sagemaker: 'sagemaker',
  sagemakerUpdates: 'sagemaker',
  sagemakerRuntime: 'sagemaker',
  s3: 's3',
  ssm: 'ssm',
  sqs: 'sqs',
  cloudformation: 'cloudformation',
  events: 'events',
} as const;

export type FunctionEvent = SQSEvent | CloudFormationCustomResourceEvent;

interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

interface Request extends Pick<Exchange, 'service' | 'operation' | 'input'> {
  /** How often the call is made until an error is thrown. */
  readonly attempts: number;
  readonly signal?: AbortSignal;
}

/** A command of one of the SDK's clients. */
interface SdkCommand {
  readonly input: object;
}

type PortOptions = Parameters<typeof awsPorts>[0];

/** One invocation of the engine's own handler, with clients that call the services in virtual time. */
export class FunctionRun {
  readonly id: number;
  readonly caller: Caller;
  readonly startedAt: number;
  /** How many calls it has made. */
  calls = 0;
  dead = false;
  /** At least one of its calls went wrong. */
  isDisturbed = false;
  /** The call that is at a service repeats one whose reply was lost. */
  isRepeating = false;
  /** It sends smoke tests. */
  isTesting = false;
  /** When each source was read. A pass reads several at different times. */
  readonly sourceReads: { readonly key: string; readonly at: number }[] = [];
  /** The endpoints that DescribeEndpoint has answered about. */
  readonly endpoints = new Set<string>();
  /** What DescribeStacks has answered. */
  readonly stackStatuses: string[] = [];
  /** The last answers by operation. */
  readonly #seen = new Map<string, unknown>();
  readonly #world: World;
  readonly #overseer: Overseer;
  /** For the SDK's pauses. */
  readonly #random: Random;
  #end: (outcome: InvocationOutcome) => void = () => undefined;

  constructor(world: World, overseer: Overseer, { id, caller }: { readonly id: number; readonly caller: Caller }) {
    this.#world = world;
    this.#overseer = overseer;
    this.id = id;
    this.caller = caller;
    this.startedAt = world.clock.now();
    this.#random = seededRandom(id);
  }

  /** Settles when the handler answers or the function is ended. */
  invoke(event: FunctionEvent, env: Readonly<Record<string, string>>): Promise<InvocationOutcome> {
    const handler = createHandler(awsPorts(this.#portOptions(env)));
    this.#overseer.started(this);
    return new Promise((resolve) => {
      this.#end = resolve;
      handler(event).then(
        (answer) => this.#finish('answered', { payload: Buffer.from(JSON.stringify(answer ?? null)) }),
        (error: Error) =>
          this.#finish(`threw ${error.message}`, { failure: { errorType: error.name, errorMessage: error.message } }),
      );
    });
  }

  /** The function is gone at once, in the middle of its work. */
  end(how: string): void {
    this.#finish(how, { failure: { errorType: 'Runtime.ExitError', errorMessage: how }, ended: true });
  }

  /** Whether it has an answer of this operation. */
  hasSeen(operation: string): boolean {
    return this.#seen.has(operation);
  }

  /** The last answer of this operation, about this endpoint or parameter. */
  lastSeen<S extends string, O extends string>(_service: S, operation: O, about = ''): AnswerOf<S, O> | undefined {
    return this.#seen.get(`${operation} ${about}`) as AnswerOf<S, O> | undefined;
  }

  #portOptions(env: Readonly<Record<string, string>>): PortOptions {
    const clients = Object.fromEntries(
      Object.entries(SERVICES).map(([client, service]) => [
        client,
        {
          send: (command: SdkCommand, { abortSignal: signal }: SendOptions = {}) => {
            const attempts = client === UPDATE_CLIENT ? UPDATE_CLIENT_CONFIG.maxAttempts : SDK_ATTEMPTS;
            return unlessAborted(signal, this.#send(command, { service, attempts, signal }));
          },
        },
      ]),
    );
    const put = async (url: string, { body }: { body: string }) =>
      new Response(null, { status: (await this.#respond(url, body)) as number });
    return {
      clients: clients as unknown as PortOptions['clients'],
      queues: {
        queueUrl: env[ENVIRONMENT.queueUrl] ?? '',
        deadLetterQueueUrl: env[ENVIRONMENT.deadLetterQueueUrl] ?? '',
        batchingWindow: Number(env[ENVIRONMENT.batchingWindow]),
      },
      roleId: env[ENVIRONMENT.roleId] ?? '',
      answers: cloudFormationResponses(put as unknown as typeof fetch),
      telemetry: this.#overseer.telemetry(this),
      checkArchive: looksLikeArchive,
      timeoutSignal: (ms) => this.#abortAfter(ms),
      newId: () => `${this.id}-${this.calls}`,
      now: skewed(this.#world.clock, this.#overseer.skewMs).now,
      sleep: (ms) => sleep(this.#world.clock, ms),
    };
  }

  #abortAfter(ms: number): AbortSignal {
    const controller = new AbortController();
    this.#world.clock.schedule(ms, () => controller.abort());
    return controller.signal;
  }

  #finish(how: string, outcome: InvocationOutcome): void {
    if (this.dead) return;
    this.dead = true;
    if (how !== 'answered') this.isDisturbed = true;
    this.#overseer.ended(this, how);
    this.#end(outcome);
  }

  #send(command: SdkCommand, options: Pick<Request, 'service' | 'attempts' | 'signal'>): Promise<unknown> {
    const { service } = options;
    const operation = command.constructor.name.replace(/Command$/, '');
    const { input } = command;
    return this.#request({ ...options, operation, input }, async () => {
      const output = await this.#world.cloud.call(service, operation, input, this.caller);
      return operation === 'InvokeEndpoint' ? { ...output, Body: await read(output.Body) } : output;
    }).catch((error: unknown) => {
      const principal = this.caller.roleArn;
      nameFailedCall(error, { service, operation, input, ...(principal !== undefined && { principal }) });
      throw error;
    });
  }

  #respond(url: string, body: string): Promise<unknown> {
    const request = { service: 'http', operation: 'Answer', input: { url, body }, attempts: 1 };
    return this.#request(request, async () => this.#world.respond(url, body));
  }

  /** One call, as the SDK makes it: attempts that may fail by chance are repeated. */
  async #request(request: Request, call: () => Promise<unknown>): Promise<unknown> {
    let before: CallPlan | undefined;
    for (let attempt = 1; ; attempt++) {
      if (this.dead) return await never();
      const { service, operation } = request;
      const plan: CallPlan = this.#overseer.plan(this, { service, operation, before });
      try {
        return await this.#attempt(request, { ...plan, isRepeated: before?.mishapAfter !== undefined }, call);
      } catch (error) {
        const pauseMs = retryPauseMs(this.#random, error, attempt);
        if (pauseMs === undefined || attempt === request.attempts || request.signal?.aborted) {
          if (plan.mishapBefore) this.isDisturbed = true;
          throw error;
        }
        await sleep(this.#world.clock, pauseMs);
        before = plan;
      }
    }
  }

  /** One attempt, as its plan says. */
  async #attempt(request: Request, plan: PlannedAttempt, call: () => Promise<unknown>): Promise<unknown> {
    this.calls += 1;
    const { clock } = this.#world;
    if (plan.kill === 'before') {
      this.end(`killed before ${request.operation}`);
      return await never();
    }
    // A request that has left has its effect, even if the function ends meanwhile.
    await sleep(clock, plan.requestMs);
    if (plan.mishapBefore) {
      await sleep(clock, plan.replyMs);
      if (this.dead) return await never();
      throw mishapError(plan.mishapBefore, request.service);
    }
    const { output, error } = await this.#perform(request, plan, call);
    if (plan.kill === 'after') this.end(`killed after ${request.operation}`);
    await sleep(clock, plan.replyMs + (plan.slowReplyMs ?? 0));
    if (this.dead) return await never();
    if (error !== undefined) throw asSdkError(error);
    if (plan.mishapAfter) throw mishapError(plan.mishapAfter, request.service);
    return output;
  }

  /** The request has arrived: its effect. */
  async #perform(
    request: Request,
    { stale: staleness, isRepeated }: PlannedAttempt,
    call: () => Promise<unknown>,
  ): Promise<Exchange> {
    const { service, operation, input } = request;
    const overseer = this.#overseer;
    const stale = staleness === undefined ? undefined : overseer.stale(request, staleness);
    let output: unknown;
    let error: unknown;
    this.isRepeating = isRepeated;
    overseer.calling(this);
    try {
      output = stale ?? (await call());
    } catch (thrown) {
      error = thrown;
    }
    const exchange = { service, operation, input, output, error };
    overseer.answered(this, exchange);
    this.#note(exchange);
    return exchange;
  }

  #note({ operation, input, output }: Exchange): void {
    const { EndpointName, Names, Bucket, Key, Prefix, ModelPackageGroupName } = input as NotedInput;
    if (!this.dead) {
      this.#seen.set(operation, output);
      if (operation === 'DescribeEndpoint' && output && EndpointName) this.endpoints.add(EndpointName);
      if (operation === 'DescribeStacks' && output) {
        const { Stacks } = output as AnswerOf<'cloudformation', 'DescribeStacks'>;
        this.stackStatuses.push(...Stacks.map(({ StackStatus }) => StackStatus));
      }
      this.#seen.set(`${operation} ${EndpointName ?? Names?.join() ?? ''}`, output);
    }
    const at = this.#world.clock.now();
    if (ModelPackageGroupName !== undefined) this.sourceReads.push({ key: packageSource(ModelPackageGroupName), at });
    // Of an archive GetObject is a check; of a pointer it is what follows it.
    const isRead = operation === 'GetObject' ? kindOf(Key ?? '') === 'pointer' : SOURCE_READS.has(operation);
    if (Bucket === this.#world.bucket && isRead) this.sourceReads.push({ key: Key ?? Prefix ?? '', at });
  }
}

interface NotedInput {
  readonly EndpointName?: string;
  readonly Names?: readonly string[];
  readonly Bucket?: string;
  readonly Key?: string;
  readonly Prefix?: string;
  readonly ModelPackageGroupName?: string;
}

interface PlannedAttempt extends CallPlan {
  /** The attempt before had its effect. */
  readonly isRepeated: boolean;
}

/** Inflating uses threads, whose time isn't the run's: the bytes themselves say what they are. */
const looksLikeArchive: NonNullable<PortOptions['checkArchive']> = async (body, { uri }) => {
  const bytes = (await read(body)).toString();
  if (bytes.startsWith('junk')) return { kind: 'refused', message: `${uri} is no archive` };
  return { kind: 'sound', whole: true, entries: 1, bytesRead: bytes.length, warnings: [] };
};

async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Settles as the call does, unless the signal aborts first: as the clients of the SDK do. */
function unlessAborted(signal: AbortSignal | undefined, call: Promise<unknown>): Promise<unknown> {
  if (!signal) return call;
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' })));
    call.then(resolve, reject);
  });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
