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

/** All parameters of the account. A selector is a name or an ARN; as on AWS, `/name` and `name` are the same. */
export class SsmStore {
  /** By name, with a slash before it. */
  readonly parameters = new Map<string, Parameter>();
  readonly #prefix: string;

  constructor(account: Account) {
    this.#prefix = arn(account, 'ssm', 'parameter');
  }

  arnOf(selector: string | undefined): string {
    return this.#prefix + this.#split(selector).path;
  }

  get(selector: string | undefined): Parameter | undefined {
    return this.parameters.get(this.#split(selector).path);
  }

  put(parameter: Parameter): void {
    this.parameters.set(this.#split(parameter.name).path, parameter);
  }

  /** Returns false when there is no such parameter. */
  delete(selector: string | undefined): boolean {
    return this.parameters.delete(this.#split(selector).path);
  }

  /** In order of name. */
  sorted(): Parameter[] {
    return [...this.parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The version that `selector:version` selects, or the latest. Throws ParameterNotFound, ParameterVersionNotFound. */
  find(selector: string | undefined): SelectedVersion {
    const parameter = this.get(selector);
    if (!parameter) throw parameterNotFound();
    const { version } = this.#split(selector);
    if (version === undefined) return { parameter, version: latest(parameter) };
    // Labels are not simulated: a selector that is not a number names no version.
    const found = parameter.versions.find((candidate) => String(candidate.Version) === version);
    if (!found) {
      throw new AwsError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${parameter.name}. Verify the version and try again.`,
      );
    }
    return { parameter, version: found, selector: `:${version}` };
  }

  #split(selector = ''): { readonly path: string; readonly version?: string } {
    const prefix = `${this.#prefix}/`;
    const [name = '', version] = (selector.startsWith(prefix) ? selector.slice(prefix.length) : selector).split(':', 2);
    return { path: name.startsWith('/') ? name : `/${name}`, version };
  }
}

/** AWS sends the code alone. */
export const parameterNotFound = () => new AwsError('ParameterNotFound', '');
