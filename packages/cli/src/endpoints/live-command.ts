import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { LiveCommand } from '../arguments.ts';
import { EXIT_CODES } from '../command-failure.ts';
import type { Output } from '../output.ts';
import { type EndpointAccount, endpointAccount, sdkClients } from './account.ts';
import { type ClientConfig, clientConfig } from './client-config.ts';

/** What the commands need from their process. */
export interface CommandProcess {
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** The name that is recorded with what a person does. */
  readonly user: string;
}

/** A command, its account, and its endpoint's id instead of another name. */
interface ResolvedCommand {
  readonly options: LiveCommand;
  readonly config: ClientConfig;
  readonly account: EndpointAccount;
}

/** Runs a command on live endpoints. Returns the exit code. */
export async function runLiveCommand(given: LiveCommand, running: CommandProcess): Promise<number> {
  const config = clientConfig(given, running.environment);
  const account = endpointAccount(sdkClients(config), { newId: randomUUID });
  const { endpoint } = given;
  const options = endpoint === undefined ? given : { ...given, endpoint: await account.resolve(endpoint) };
  const command = { options, config, account };
  return (await runReading(command, running)) ?? runActing(command, running);
}

/** Commands that change nothing; undefined for others. Each loads the modules that it needs: the SDK's take long. */
async function runReading(
  { options, config, account }: ResolvedCommand,
  { output }: CommandProcess,
): Promise<number | undefined> {
  const reporting = async () => {
    const { endpointObserver, observerClients } = await import('./observer.ts');
    return { account, observer: endpointObserver(observerClients(config)), now: Date.now };
  };
  switch (options.command) {
    case 'status': {
      const { runStatus } = await import('./status.ts');
      return runStatus(options, await reporting(), output);
    }
    case 'explain': {
      const { runExplain } = await import('./explain.ts');
      await runExplain(options, await reporting(), output);
      return EXIT_CODES.success;
    }
    case 'watch': {
      const { runWatch } = await import('./watch.ts');
      return runWatch(options, { ...(await reporting()), pause: setTimeout }, output);
    }
    case 'history': {
      const { runHistory } = await import('./history.ts');
      await runHistory(options, account, output.write, output.columns);
      return EXIT_CODES.success;
    }
    default:
      return undefined;
  }
}

/** Commands that act on the endpoint. */
async function runActing({ options, config, account }: ResolvedCommand, running: CommandProcess): Promise<number> {
  const { write } = running.output;
  const context = { account, write, now: Date.now, user: running.user };
  switch (options.command) {
    case 'rollback': {
      const { runRollback } = await import('./rollback.ts');
      await runRollback(options, { ...context, pause: setTimeout });
      break;
    }
    case 'suspend':
    case 'resume': {
      const { runSuspension } = await import('./suspension.ts');
      await runSuspension(options, context);
      break;
    }
    case 'retry': {
      const { runRetry } = await import('./retry.ts');
      await runRetry(options, context);
      break;
    }
    case 'refresh': {
      const { runRefresh } = await import('./refresh.ts');
      await runRefresh(options, context);
      break;
    }
    case 'redrive': {
      const { runRedrive } = await import('./redrive.ts');
      const { deadLettersOf } = await import('./dead-letters.ts');
      await runRedrive(options, { account, deadLetters: deadLettersOf(config), write });
      break;
    }
  }
  return EXIT_CODES.success;
}
