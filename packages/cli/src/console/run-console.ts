import { randomBytes, randomUUID } from 'node:crypto';
import { type CommandArguments, type ConsoleArguments, readArguments } from '../arguments.ts';
import { UsageError } from '../command-failure.ts';
import { endpointAccount, sdkClients } from '../endpoints/account.ts';
import { type ClientConfig, clientConfig } from '../endpoints/client-config.ts';
import { runLiveCommand } from '../endpoints/live-command.ts';
import { endpointObserver, observerClients } from '../endpoints/observer.ts';
import { ACTIONS, type ActionName, type ActionRequest, argumentsOf } from './action.ts';
import { endpointFeed, overviewFeed } from './feed.ts';
import { type RunningConsole, startConsole } from './server.ts';

/** What the command needs from its process. */
export interface ConsoleProcess {
  readonly write: (line: string) => void;
  readonly environment: NodeJS.ProcessEnv;
  /** The name that is recorded with what a person does. */
  readonly user: string;
  /** The folder of the page's files. */
  readonly files: URL;
  readonly onBug: (error: unknown) => void;
}

/** 128 bits, which cannot be guessed. */
const TOKEN_BYTES = 16;

/** Serves the console until `stop` aborts. Throws UsageError. */
export async function runConsole(options: ConsoleArguments, running: ConsoleProcess, stop: AbortSignal): Promise<void> {
  const server = await serve(options, running);
  const { url } = server;
  const lines =
    options.format === 'json'
      ? [JSON.stringify({ event: 'ready', url })]
      : ['The console, for you alone: the address has a token.', '', `  ${url}`, '', 'Ctrl-C ends it.'];
  for (const line of lines) running.write(line);
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.stop();
}

async function serve(options: ConsoleArguments, running: ConsoleProcess): Promise<RunningConsole> {
  const { port, profile, region } = options;
  const config = clientConfig(options, running.environment);
  const account = endpointAccount(sdkClients(config), { newId: randomUUID });
  const context = { account, observer: endpointObserver(observerClients(config)), now: Date.now };
  try {
    return await startConsole({
      port,
      token: randomBytes(TOKEN_BYTES).toString('base64url'),
      files: running.files,
      feed: (endpoint) => (endpoint === undefined ? overviewFeed(context) : endpointFeed(context, endpoint)),
      act: (request) => runCommandLine(request, { profile, region }, running),
      onBug: running.onBug,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UsageError(`Port ${port} is in use. Choose another with --port, or use --port 0 for a free one.`, error);
  }
}

/** Runs what the person could type instead, and returns what it prints. Throws CommandFailure. */
async function runCommandLine(
  request: ActionRequest,
  config: ClientConfig,
  { environment, user }: ConsoleProcess,
): Promise<string[]> {
  const options = readArguments(argumentsOf(request));
  if (!isAction(options)) throw new UsageError(`freshpoint ${options.command} is no action.`);
  const lines: string[] = [];
  const output = {
    write: (line: string) => void lines.push(line),
    columns: Number.POSITIVE_INFINITY,
    paint: (_: unknown, text: string) => text,
  };
  await runLiveCommand({ ...options, ...config }, { output, environment, user });
  return lines;
}

function isAction(options: CommandArguments): options is Extract<CommandArguments, { readonly command: ActionName }> {
  return ACTIONS.some((name) => name === options.command);
}
