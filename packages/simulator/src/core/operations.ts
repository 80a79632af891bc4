import type { LeavingCaller, Operation, Permission } from './cloud.ts';

/** The inputs of the operations of an SDK client, by name: of `SQS`, those of `SendMessage`, `ListQueues`, … */
export type Inputs<Client> = {
  readonly [Method in keyof Client & string as Capitalize<Method>]: Client[Method] extends (
    input: infer Input extends object,
    ...rest: never[]
  ) => unknown
    ? Input
    : never;
};

/** All members that inputs of the client's operations have. */
type Members<Client> = AnyOf<Inputs<Client>[keyof Inputs<Client>]>;

type AnyOf<Union> = { readonly [Key in KeyOf<Union>]?: ValueOf<Union, Key> };

type KeyOf<Union> = Union extends unknown ? keyof Union : never;

type ValueOf<Union, Key> = Union extends unknown ? (Key extends keyof Union ? Union[Key] : never) : never;

/** Some of the client's operations. `caller` has a signal only if the call came from outside. */
type Runs<Client> = {
  readonly [Name in keyof Inputs<Client>]?: (input: Inputs<Client>[Name], caller: LeavingCaller) => unknown;
};

/**
 * Makes operations of the service that an SDK client calls, for example `operationsOf<SQS>()('sqs', …)`, whose inputs
 * have the types of the client's.
 *
 * Each needs the permission of its own name on the resources that `resourceOf` finds in its input, as ARNs or `*`, and
 * the permissions that it finds there.
 */
export function operationsOf<Client>() {
  return (
    service: string,
    resourceOf: (input: Members<Client>, name: string) => string | readonly (string | Permission)[],
    runs: Runs<Client>,
  ): Record<string, Operation> => {
    const named = Object.entries(runs as Record<string, Operation['run']>);
    return Object.fromEntries(
      named.map(([name, run]) => {
        const permissions = (input: unknown) =>
          [resourceOf(input as Members<Client>, name)]
            .flat()
            .map((needed) =>
              typeof needed === 'string' ? { action: `${service}:${name}`, resource: needed } : needed,
            );
        return [name, { permissions, run }];
      }),
    );
  };
}
