import type { Stack, StackOutput } from './stack.ts';
import { validationError } from './template.ts';

/** All stacks of the account: at most one live stack per name; deleted stacks can be found by their id. */
export class Stacks {
  readonly #live = new Map<string, Stack>();
  readonly #byId = new Map<string, Stack>();

  add(stack: Stack): void {
    this.#live.set(stack.stackName, stack);
    this.#byId.set(stack.stackId, stack);
  }

  /** Frees the name of a deleted stack. */
  retire(stack: Stack): void {
    if (this.#live.get(stack.stackName) === stack) this.#live.delete(stack.stackName);
  }

  /** Removes a stack that was never created. */
  discard(stack: Stack): void {
    this.retire(stack);
    this.#byId.delete(stack.stackId);
  }

  /** Finds a live stack by name, or any stack by id. */
  find(nameOrId: string | undefined): Stack | undefined {
    return this.#live.get(nameOrId ?? '') ?? this.#byId.get(nameOrId ?? '');
  }

  /** As `find`. Throws `Stack with id X does not exist`. */
  get(nameOrId: string): Stack {
    const stack = this.find(nameOrId);
    if (!stack) throw validationError(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  /** In order of creation. */
  live(): Stack[] {
    return [...this.#live.values()];
  }

  /** Deleted stacks too, in order of creation. */
  all(): Stack[] {
    return [...this.#byId.values()];
  }

  /** The export's value and its stack. */
  export(name: string | undefined): { readonly stack: Stack; readonly output: StackOutput } | undefined {
    const exported = this.live().flatMap((stack) => stack.outputs.map((output) => ({ stack, output })));
    return exported.find(({ output }) => name !== undefined && output.ExportName === name);
  }

  /** Names of the live stacks that import `name`. */
  importers(name: string | undefined): string[] {
    const importing = this.live().filter(({ imports }) => name !== undefined && imports.has(name));
    return importing.map(({ stackName }) => stackName);
  }
}
