import esquery from 'esquery';
import { parseSync } from 'oxc-parser';
import type { NamedTest } from './mutated-test.ts';

/** One bug, and where it is put into the engine. */
export interface Mutant {
  readonly name: string;
  /** Below packages/engine/src. */
  readonly file: string;
  /** Name of the function or constant; with dots, of a method inside a function. */
  readonly declaration: string;
  /**
   * Selector of the one syntax node in the declaration that is changed, in the language of ESLint's selectors:
   * https://github.com/estools/esquery. It names the structure and the contract's words, and local names where there is
   * no other way.
   */
  readonly node: string;
  /** Name of the story that finds it. Neither a story nor a test: seeds find it. */
  readonly story?: string;
  /** The test that finds it. */
  readonly test?: NamedTest;
  readonly change:
    | { readonly replaceWith: string }
    /** Selector of the part of the node that is left of it. */
    | { readonly keepOnly: string };
}

/** A node, with its place in the file. */
type Located = Parameters<typeof esquery.query>[0] & { readonly start: number; readonly end: number };

/** A file that does not have what a mutant changes, exactly once. */
export class MutantError extends Error {
  override readonly name = 'MutantError';

  constructor({ name, file }: Mutant, problem: string) {
    super(`"${name}" in ${file}: ${problem}`);
  }
}

/** The text of the file with the bug. Throws a MutantError unless the node exists exactly once. */
export function mutate(mutant: Mutant, text: string): string {
  const { declaration, node, change } = mutant;
  let scope = parse(mutant, text);
  for (const name of declaration.split('.')) scope = findOne(mutant, scope, declarationOf(name));
  const found = findOne(mutant, scope, node);
  const kept = 'keepOnly' in change ? findOne(mutant, found, change.keepOnly) : undefined;
  const replacement = 'replaceWith' in change ? change.replaceWith : text.slice(kept?.start, kept?.end);
  const mutated = text.slice(0, found.start) + replacement + text.slice(found.end);
  if (mutated === text) throw new MutantError(mutant, 'it changes nothing');
  parse(mutant, mutated);
  return mutated;
}

function parse(mutant: Mutant, text: string): Located {
  const { program, errors } = parseSync(mutant.file, text);
  if (errors[0]) throw new MutantError(mutant, errors[0].message);
  return program as unknown as Located;
}

function findOne(mutant: Mutant, scope: Located, selector: string): Located {
  const [found, ...others] = esquery.query(scope, selector) as Located[];
  if (!found) throw new MutantError(mutant, `no node matches ${selector}`);
  if (others.length > 0) throw new MutantError(mutant, `${others.length + 1} nodes match ${selector}, expected one`);
  return found;
}

function declarationOf(name: string): string {
  const byId = ['FunctionDeclaration', 'ClassDeclaration', 'VariableDeclarator'].map(
    (type) => `${type}[id.name="${name}"]`,
  );
  const byKey = ['MethodDefinition', 'Property[method=true]'].map((type) => `${type}[key.name="${name}"]`);
  return `:matches(${[...byId, ...byKey].join(', ')})`;
}
