import { statusOf } from '../errors.ts';

/** A command of an AWS SDK client. */
export interface AwsCommand {
  readonly input: object;
}

/**
 * What the adapters need of an AWS SDK client. The simulation passes one that answers in virtual time, so the
 * adapters' own code runs there too. Adapters call it by `send`, which knows the type of each command's output.
 */
export interface Client {
  send(command: AwsCommand, options?: SendOptions): Promise<unknown>;
}

export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/**
 * Settings of all clients but S3's. A subnet without a route to the service drops packets: without a limit, in ms, the
 * function would end at its timeout before it could say which call that was. S3's would count the time in which a
 * request waits for one of its sockets.
 */
export const CLIENT_CONFIG = { requestHandler: { connectionTimeout: 5_000 } } as const;

/**
 * Settings of the client that sends UpdateEndpoint. The SDK would retry a call whose reply was lost, and report the
 * second attempt's refusal as in progress instead of an unknown outcome.
 */
export const UPDATE_CLIENT_CONFIG = { ...CLIENT_CONFIG, maxAttempts: 1 } as const;

/** A command of the SDK, which declares the type of its output in the handler that it resolves to. */
interface TypedCommand<Output> extends AwsCommand {
  resolveMiddleware(stack: never, config: never, options: never): (args: never) => Promise<{ readonly output: Output }>;
}

/** Sends a command of the client's service. No type ensures that client and command belong together. */
export async function send<Output>(
  client: Client,
  command: TypedCommand<Output>,
  options?: SendOptions,
): Promise<Output> {
  return (await client.send(command, options)) as Output;
}

/** All pages of a list operation; `nextToken` returns what continues after a page, if anything does. */
export async function* pages<Page, Token>(
  fetchPage: (token: Token | undefined) => Promise<Page>,
  nextToken: (page: Page) => Token | undefined,
): AsyncGenerator<Page> {
  let token: Token | undefined;
  do {
    const page = await fetchPage(token);
    yield page;
    token = nextToken(page);
  } while (token !== undefined);
}

/** Whether the service, not the request, was at fault, or did not answer at all: the effect of the call is unknown. */
export function isAmbiguous(error: unknown): boolean {
  const { $fault } = error as { $fault?: string };
  const status = statusOf(error);
  if (status === undefined) return true;
  return status >= 500 || $fault === 'server';
}

/** Whether the error has one of these names. */
export function isNamed(error: unknown, ...names: readonly string[]): error is Error {
  return error instanceof Error && names.includes(error.name);
}

/** What a call about one object of S3 returns; undefined: there is no such object. */
export async function ifFound<Found>(call: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isNamed(error, 'NotFound', 'NoSuchKey')) return undefined;
    throw error;
  }
}
