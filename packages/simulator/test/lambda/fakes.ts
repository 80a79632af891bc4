import { defaultAccount } from '../../src/core/account.ts';
import { AwsError } from '../../src/core/aws-error.ts';
import { type Caller, Cloud, type Deps, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import {
  type CodeStore,
  createLambda,
  type EnvironmentSpec,
  type FunctionFailure,
  type FunctionLogLine,
  type FunctionRunner,
  type Invocation,
  type InvocationOutcome,
  type LambdaExtras,
} from '../../src/lambda/index.ts';

export const account = defaultAccount;
export const admin: Caller = root(account);
export const roleArn = `arn:aws:iam::${account.accountId}:role/fn-role`;

/** A handler in memory: gets the event, answers a value or throws a FunctionFailure. */
export type MemoryHandler = (event: unknown, spec: EnvironmentSpec) => unknown;

/** Deps on a virtual clock, and a Lambda whose functions run in memory. */
export function inMemory(
  handler: MemoryHandler,
  extras: Partial<LambdaExtras> | ((deps: Deps) => Partial<LambdaExtras>) = {},
) {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const deps: Deps = { account, clock, ids: seededIds(1), cloud };
  const log: FunctionLogLine[] = [];
  const environments: MemoryRunner[] = [];
  const lambda = createLambda(deps, {
    runner: {
      runtimes: ['nodejs24.x'],
      create: (spec) => {
        const runner = new MemoryRunner(spec, handler);
        environments.push(runner);
        return runner;
      },
    },
    code: memoryCode,
    onLog: (line) => log.push(line),
    ...(typeof extras === 'function' ? extras(deps) : extras),
  });
  cloud.register(lambda.service);
  const call = (operation: string, input: object = {}, caller: Caller = admin) =>
    cloud.call('lambda', operation, input, caller);
  return { clock, cloud, deps, lambda, log, environments, call };
}

const memoryCode: CodeStore = {
  store: async (_name, source) => ({
    path: source.kind === 'path' ? source.path : '/code',
    sha256: JSON.stringify(source).slice(0, 40),
    size: 1,
  }),
  release: async () => undefined,
};

class MemoryRunner implements FunctionRunner {
  readonly spec: EnvironmentSpec;
  readonly invocations: Invocation[] = [];
  stopped = false;
  readonly #handler: MemoryHandler;
  #end: (outcome: InvocationOutcome) => void = () => undefined;

  constructor(spec: EnvironmentSpec, handler: MemoryHandler) {
    this.spec = spec;
    this.#handler = handler;
  }

  async init(): Promise<undefined> {
    return undefined;
  }

  invoke(payload: Uint8Array, invocation: Invocation): Promise<InvocationOutcome> {
    this.invocations.push(invocation);
    const ended = new Promise<InvocationOutcome>((resolve) => {
      this.#end = resolve;
    });
    const run = async (): Promise<InvocationOutcome> => {
      try {
        const answer = await this.#handler(JSON.parse(Buffer.from(payload).toString()), this.spec);
        return { payload: answer instanceof Uint8Array ? answer : Buffer.from(JSON.stringify(answer ?? null)) };
      } catch (error) {
        return { failure: error as FunctionFailure };
      }
    };
    return Promise.race([run(), ended]);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.#end({ failure: { errorType: 'Runtime.ExitError', errorMessage: 'stopped' }, ended: true });
  }
}

export const createInput = (changes: object = {}) => ({
  FunctionName: 'fn',
  Role: roleArn,
  Runtime: 'nodejs24.x',
  Handler: 'index.handler',
  Code: { LocalPath: '/asset' },
  ...changes,
});

export const queueArn = `arn:aws:sqs:${account.region}:${account.accountId}:q`;

interface FakeMessage {
  readonly id: string;
  readonly body: string;
  visibleAt: number;
  receives: number;
  receipt: string;
}

/** As much of SQS as a mapping needs: visibility, long polls, deletion. */
export function fakeQueue(
  clock: VirtualClock,
  cloud: Cloud,
  { visibilitySeconds = 30, onAbort = 'answer' }: { visibilitySeconds?: number; onAbort?: 'answer' | 'ignore' } = {},
) {
  const messages: FakeMessage[] = [];
  const waiting = new Set<() => void>();
  const calls: { operation: string; caller: Caller; input: Record<string, unknown> }[] = [];
  let sent = 0;
  let failure: AwsError | undefined;
  const take = (max: number) =>
    messages
      .filter((message) => message.visibleAt <= clock.now())
      .slice(0, max)
      .map((message) => {
        message.visibleAt = clock.now() + visibilitySeconds * 1_000;
        message.receives += 1;
        message.receipt = `${message.id}-${message.receives}`;
        clock.schedule(visibilitySeconds * 1_000, wake);
        return {
          MessageId: message.id,
          ReceiptHandle: message.receipt,
          Body: message.body,
          MD5OfBody: 'md5',
          Attributes: { ApproximateReceiveCount: String(message.receives) },
        };
      });
  const wake = () => {
    for (const poll of [...waiting]) poll();
  };
  const receive = (input: { MaxNumberOfMessages: number; WaitTimeSeconds: number }, caller: { signal?: AbortSignal }) =>
    new Promise((resolve) => {
      const answer = (leastMessages: number) => {
        const Messages = take(input.MaxNumberOfMessages);
        if (Messages.length < leastMessages) return;
        waiting.delete(poll);
        cancel();
        resolve({ Messages });
      };
      const poll = () => answer(1);
      const cancel = clock.schedule(input.WaitTimeSeconds * 1_000, () => answer(0));
      if (onAbort === 'answer') {
        caller.signal?.addEventListener('abort', () => {
          waiting.delete(poll);
          cancel();
          resolve({});
        });
      }
      waiting.add(poll);
      poll();
    });
  const operation = (
    name: string,
    action: string | undefined,
    // biome-ignore lint/suspicious/noExplicitAny: AWS's shapes
    run: (input: any, caller: Caller & { signal?: AbortSignal }) => unknown,
  ) => ({
    permissions: () => (action === undefined ? [] : [{ action: `sqs:${action}`, resource: queueArn }]),
    run: (input: Record<string, unknown>, caller: Caller) => {
      calls.push({ operation: name, caller, input });
      if (failure && name !== 'GetQueueUrl') throw failure;
      return run(input, caller);
    },
  });
  const remove = (receipt: string) => {
    const index = messages.findIndex((message) => message.receipt === receipt);
    if (index !== -1) messages.splice(index, 1);
  };
  cloud.register({
    name: 'sqs',
    operations: {
      GetQueueUrl: operation('GetQueueUrl', undefined, ({ QueueName }) => {
        if (QueueName !== 'q') throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
        return { QueueUrl: 'http://queue/q' };
      }),
      GetQueueAttributes: operation('GetQueueAttributes', 'GetQueueAttributes', () => ({
        Attributes: { VisibilityTimeout: String(visibilitySeconds) },
      })),
      ReceiveMessage: operation('ReceiveMessage', 'ReceiveMessage', receive),
      DeleteMessageBatch: operation('DeleteMessageBatch', 'DeleteMessage', (input) => {
        for (const entry of input.Entries as { ReceiptHandle: string }[]) remove(entry.ReceiptHandle);
        return { Successful: input.Entries, Failed: [] };
      }),
      ChangeMessageVisibility: operation('ChangeMessageVisibility', 'ChangeMessageVisibility', (input) => {
        for (const message of messages) {
          if (message.receipt === input.ReceiptHandle)
            message.visibleAt = clock.now() + input.VisibilityTimeout * 1_000;
        }
        return {};
      }),
    },
  });
  return {
    messages,
    calls,
    send(...bodies: string[]) {
      for (const body of bodies) {
        sent += 1;
        messages.push({ id: `m${sent}`, body, visibleAt: clock.now(), receives: 0, receipt: '' });
      }
      wake();
    },
    failWith(error: AwsError | undefined) {
      failure = error;
    },
  };
}
