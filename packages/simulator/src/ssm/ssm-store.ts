import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import { latest, type Parameter, type ParameterVersion } from './parameter.ts';

/** A parameter's version that a request selects. */
export interface SelectedVersion {
  readonly parameter: Parameter;
  readonly version: ParameterVersion;
  /** `:version`, if the request named one. */
  readonly selector?: string;
}

/** All parameters of the account. */
export class SsmStore {
  readonly #account: Account;
  readonly #parameters = new Map<string, Parameter>();

  constructor(account: Account) {
    this.#account = account;
  }

  arnOf(name: string): string {
    return arn(this.#account, 'ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`);
  }

  /** ARNs of the parameters that the selectors name. */
  arnsOf(selectors: readonly unknown[] | undefined): string[] {
    return (selectors ?? []).map((selector) => this.arnOf(this.nameIn(selector)));
  }

  /** The parameter's name in a name or ARN, with `:version` or without. */
  nameIn(selector: unknown): string {
    return this.#split(String(selector ?? '')).name;
  }

  get(name: string): Parameter | undefined {
    return this.#parameters.get(name);
  }

  put(parameter: Parameter): void {
    this.#parameters.set(parameter.name, parameter);
  }

  /** Returns false when there is no such parameter. */
  delete(selector: unknown): boolean {
    return this.#parameters.delete(this.nameIn(selector));
  }

  load(parameters: Iterable<Parameter>): void {
    for (const parameter of parameters) this.put(parameter);
  }

  /** In order of name. */
  sorted(): Parameter[] {
    return [...this.#parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws AwsError ParameterNotFound, ParameterVersionNotFound. */
  find(selector: unknown): SelectedVersion {
    const { name, version } = this.#split(String(selector ?? ''));
    const parameter = this.#parameters.get(name);
    if (!parameter) throw parameterNotFound();
    if (version === undefined) return { parameter, version: latest(parameter) };
    // Labels are not simulated: a selector that is not a number names no version.
    const found = parameter.versions.find((candidate) => String(candidate.version) === version);
    if (!found) {
      throw new AwsError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
      );
    }
    return { parameter, version: found, selector: `:${version}` };
  }

  #split(selector: string): { readonly name: string; readonly version?: string } {
    const prefix = this.arnOf('/');
    let rest = selector;
    if (selector.startsWith(prefix)) {
      // The ARN of a name without slashes has a slash before the name too.
      const path = selector.slice(prefix.length - 1);
      const isPlain = path.indexOf('/', 1) === -1 && !this.#parameters.has(path.replace(/:.*$/, ''));
      rest = isPlain ? path.slice(1) : path;
    }
    const colon = rest.indexOf(':');
    return colon === -1 ? { name: rest } : { name: rest.slice(0, colon), version: rest.slice(colon + 1) };
  }
}

/** AWS sends the code alone. */
export function parameterNotFound(): AwsError {
  return new AwsError('ParameterNotFound', '');
}
