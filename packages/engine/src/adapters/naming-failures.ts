import { nameFailedCall } from '../errors.ts';
import type { Client } from './client.ts';

/** What the SDK's clients have in common for this. Their command classes lose their names in the bundle. */
export interface SdkClient extends Client {
  readonly middlewareStack: { add(middleware: unknown, options: unknown): void };
}

type Handler = (args: { readonly input: object }) => Promise<unknown>;

/** The names that the SDK passes to a middleware. */
interface CallNames {
  readonly clientName?: string;
  readonly commandName?: string;
}

/** Prefixes of IAM actions that differ from the client's name. */
const SERVICE_PREFIXES: Readonly<Record<string, string>> = { sagemakerruntime: 'sagemaker', eventbridge: 'events' };

/** The client; errors of its calls say which call of `principal`, the ARN of a role, they came from. */
export function namingFailures<T extends SdkClient>(client: T, principal: string): T {
  const middleware = (next: Handler, { clientName = '', commandName = '' }: CallNames): Handler => {
    const name = clientName.replace(/Client$/, '').toLowerCase();
    const service = SERVICE_PREFIXES[name] ?? name;
    const operation = commandName.replace(/Command$/, '');
    return async (args) => {
      try {
        return await next(args);
      } catch (error) {
        nameFailedCall(error, { service, operation, input: args.input, principal });
        throw error;
      }
    };
  };
  client.middlewareStack.add(middleware, { step: 'initialize', name: 'freshpointNamingFailures' });
  return client;
}
