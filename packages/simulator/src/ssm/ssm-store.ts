import { type Account, arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import { invalidName, latest, type Parameter, type ParameterVersion } from './parameter.ts';

/** A parameter's version that a request selects. */
export interface SelectedVersion {
  readonly parameter: Parameter;
  readonly version: ParameterVersion;
  /** `:version`, if the request named one. */
  readonly selector?: string;
}

export type SsmStore = ReturnType<typeof ssmStore>;

/** All parameters of the account. A selector is a name or an ARN; as on AWS, `/name` and `name` are the same. */
export function ssmStore(account: Account) {
  /** By name, with a slash before it. */
  const parameters = new Map<string, Parameter>();
  const prefix = arn(account, 'ssm', 'parameter');
  const split = (selector = ''): { readonly path: string; readonly name: string; readonly version?: string } => {
    const text = selector.startsWith(`${prefix}/`) ? selector.slice(prefix.length + 1) : selector;
    const [name = '', version] = text.split(':', 2);
    return { path: name.startsWith('/') ? name : `/${name}`, name, version };
  };
  return {
    parameters,
    get: (selector: string | undefined) => parameters.get(split(selector).path),
    arnOf: (selector: string | undefined): string => prefix + split(selector).path,
    put: (parameter: Parameter) => parameters.set(split(parameter.name).path, parameter),
    /** Returns false when there is no such parameter. */
    delete: (selector: string | undefined): boolean => parameters.delete(split(selector).path),
    /** In order of name. */
    sorted: (): Parameter[] => [...parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    /**
     * The version of `selector:version`, or the latest one. Throws ParameterNotFound, ParameterVersionNotFound,
     * ValidationException.
     */
    find(selector: string | undefined): SelectedVersion {
      const { path, version, name } = split(selector);
      const isArn = selector?.startsWith('arn:');
      if (!isArn && !/^\/?[\w.-]+$|^(\/[\w.-]+)+$/.test(name)) throw invalidName();
      const stored = parameters.get(path);
      if (!stored) throw parameterNotFound();
      // AWS answers with the name by which it was asked.
      const parameter = isArn ? stored : { ...stored, name };
      if (version === undefined) return { parameter, version: latest(parameter) };
      // Labels are not simulated: a selector that is not a number names no version.
      const found = parameter.versions.find(({ Version }) => String(Version) === version);
      if (found) return { parameter, version: found, selector: `:${version}` };
      throw new AwsError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${parameter.name}. Verify the version and try again.`,
      );
    },
  };
}

/** AWS sends the code alone. */
export const parameterNotFound = () => new AwsError('ParameterNotFound', '');
