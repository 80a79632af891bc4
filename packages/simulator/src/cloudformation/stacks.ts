import type { Stack, StackOutput } from './stack.ts';
import { validationError } from './template.ts';

/** All stacks of the account by id, in order of creation: at most one live stack per name, and the deleted ones. */
export class Stacks extends Map<string, Stack> {
  live(): Stack[] {
    return [...this.values()].filter(({ status }) => status !== 'DELETE_COMPLETE');
  }

  /** Finds a live stack by name, or any stack by id. */
  find(nameOrId: string | undefined): Stack | undefined {
    return this.get(nameOrId ?? '') ?? this.live().find(({ stackName }) => stackName === nameOrId);
  }

  /** As `find`. Throws `Stack with id X does not exist`. */
  existing(nameOrId: string | undefined): Stack {
    const stack = this.find(nameOrId);
    if (!stack) throw validationError(`Stack with id ${nameOrId} does not exist`);
    return stack;
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
