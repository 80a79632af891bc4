import { arn } from '../core/account.ts';
import { AwsError } from '../core/aws-error.ts';
import type { Caller, Deps, Operation, Permission, Service } from '../core/cloud.ts';
import { page } from './paging.ts';
import {
  addVersion,
  checkName,
  chooseTier,
  latest,
  type Parameter,
  type ParameterType,
  type ParameterVersion,
  validation,
} from './parameter.ts';

// biome-ignore lint/suspicious/noExplicitAny: AWS's input shapes, see Operation
type Input = any;

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Systems Manager's Parameter Store: String and StringList, in standard and advanced tier. */
export interface Ssm {
  readonly service: Service;
}

export function createSsm(deps: Deps): Ssm {
  const { account, clock } = deps;
  const parameters = new Map<string, Parameter>();

  const parameterArn = (name: string) => arn(account, 'ssm', `parameter${name.startsWith('/') ? '' : '/'}${name}`);
  const onNames = (action: string, names: (input: Input) => readonly unknown[] | undefined) => {
    return (input: Input): Permission[] =>
      (names(input) ?? []).map((name) => ({
        action: `ssm:${action}`,
        resource: parameterArn(select(String(name)).name),
      }));
  };
  const onName = (action: string) => onNames(action, (input) => [input.Name]);

  /** Takes a name or ARN, with `:version` or without. */
  const select = (selector: string): { name: string; version?: string } => {
    const prefix = arn(account, 'ssm', 'parameter/');
    let rest = selector;
    if (selector.startsWith(prefix)) {
      // A name without slashes has one in its ARN all the same.
      const path = selector.slice(prefix.length - 1);
      rest = path.indexOf('/', 1) === -1 && !parameters.has(path.replace(/:.*$/, '')) ? path.slice(1) : path;
    }
    const colon = rest.indexOf(':');
    return colon === -1 ? { name: rest } : { name: rest.slice(0, colon), version: rest.slice(colon + 1) };
  };

  const find = (selector: string): { parameter: Parameter; version: ParameterVersion; selector?: string } => {
    const { name, version } = select(selector);
    const parameter = parameters.get(name);
    if (!parameter) throw notFound();
    if (version === undefined) return { parameter, version: latest(parameter) };
    // Labels aren't simulated: a selector that isn't a number names none.
    const found = parameter.versions.find((v) => String(v.version) === version);
    if (!found) {
      throw new AwsError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
      );
    }
    return { parameter, version: found, selector: `:${version}` };
  };

  const tell = (parameter: Parameter, version: ParameterVersion, selector?: string) => ({
    Name: parameter.name,
    Type: version.type,
    Value: version.value,
    Version: version.version,
    Selector: selector,
    LastModifiedDate: version.modifiedAt,
    ARN: parameterArn(parameter.name),
    DataType: version.dataType,
  });
  const tellMetadata = (parameter: Parameter, version: ParameterVersion) => ({
    Name: parameter.name,
    Type: version.type,
    Version: version.version,
    LastModifiedDate: version.modifiedAt,
    LastModifiedUser: version.modifiedBy,
    Description: version.description,
    AllowedPattern: version.allowedPattern,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  });
  const remove = (selector: string) => {
    const { name } = select(selector);
    if (!parameters.delete(name)) throw notFound();
  };
  const sorted = () => [...parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

  const operations: Record<string, Operation> = {
    PutParameter: {
      permissions: onName('PutParameter'),
      run(input: Input, caller: Caller) {
        const name = checkName(select(String(input.Name ?? '')).name);
        const existing = parameters.get(name);
        if (existing && input.Overwrite !== true) {
          throw new AwsError(
            'ParameterAlreadyExists',
            'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
          );
        }
        if (existing && input.Tags?.length > 0) {
          throw validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
          );
        }
        const before = existing && latest(existing);
        const version: ParameterVersion = {
          version: (before?.version ?? 0) + 1,
          type: checkType(input.Type ?? before?.type),
          value: checkValue(input.Value),
          tier: chooseTier(input.Tier, input.Value, before?.tier),
          dataType: input.DataType ?? before?.dataType ?? 'text',
          description: input.Description ?? before?.description,
          allowedPattern: input.AllowedPattern ?? before?.allowedPattern,
          modifiedAt: new Date(clock.now()),
          modifiedBy: caller.arn,
        };
        checkPattern(version);
        const parameter = existing ?? { name, versions: [], tags: new Map() };
        addVersion(parameter, version);
        for (const { Key, Value } of (input.Tags ?? []) as Tag[]) parameter.tags.set(Key, Value);
        parameters.set(name, parameter);
        return { Version: version.version, Tier: version.tier };
      },
    },
    GetParameter: {
      permissions: onName('GetParameter'),
      run(input: Input) {
        const { parameter, version, selector } = find(input.Name);
        return { Parameter: tell(parameter, version, selector) };
      },
    },
    GetParameters: {
      permissions: onNames('GetParameters', (input) => input.Names),
      run(input: Input) {
        const names = checkNames(input.Names);
        const Parameters: unknown[] = [];
        const InvalidParameters: string[] = [];
        for (const name of new Set(names)) {
          try {
            const { parameter, version, selector } = find(name);
            Parameters.push(tell(parameter, version, selector));
          } catch {
            InvalidParameters.push(name);
          }
        }
        return { Parameters, InvalidParameters };
      },
    },
    GetParametersByPath: {
      permissions: (input) => [
        { action: 'ssm:GetParametersByPath', resource: parameterArn(String(input.Path).replace(/(?<=.)\/$/, '')) },
      ],
      run(input: Input) {
        const path = input.Path;
        if (typeof path !== 'string' || !path.startsWith('/')) {
          throw validation(
            'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/".',
          );
        }
        const prefix = path.endsWith('/') ? path : `${path}/`;
        const below = sorted().filter(
          ({ name }) =>
            name.startsWith(prefix) && (input.Recursive === true || !name.slice(prefix.length).includes('/')),
        );
        const { items, NextToken } = page(below, input, 10, ({ name }) => name);
        return { Parameters: items.map((parameter) => tell(parameter, latest(parameter))), NextToken };
      },
    },
    GetParameterHistory: {
      permissions: onName('GetParameterHistory'),
      run(input: Input) {
        const { parameter } = find(input.Name);
        const { items, NextToken } = page(parameter.versions, input, 50, ({ version }) =>
          String(version).padStart(9, '0'),
        );
        return {
          Parameters: items.map((version) => ({
            ...tellMetadata(parameter, version),
            Value: version.value,
            Labels: [],
          })),
          NextToken,
        };
      },
    },
    DescribeParameters: {
      permissions: () => [{ action: 'ssm:DescribeParameters', resource: '*' }],
      run(input: Input) {
        if (input.Filters?.length > 0 || input.ParameterFilters?.length > 0) {
          throw new AwsError(
            'UnsupportedOperationException',
            'The local runtime does not simulate filters of DescribeParameters.',
            501,
          );
        }
        const { items, NextToken } = page(sorted(), input, 50, ({ name }) => name);
        return {
          Parameters: items.map((parameter) => ({
            ...tellMetadata(parameter, latest(parameter)),
            ARN: parameterArn(parameter.name),
          })),
          NextToken,
        };
      },
    },
    DeleteParameter: {
      permissions: onName('DeleteParameter'),
      run(input: Input) {
        remove(input.Name);
        return {};
      },
    },
    DeleteParameters: {
      permissions: onNames('DeleteParameters', (input) => input.Names),
      run(input: Input) {
        const DeletedParameters: string[] = [];
        const InvalidParameters: string[] = [];
        for (const name of new Set(checkNames(input.Names))) {
          (parameters.delete(select(name).name) ? DeletedParameters : InvalidParameters).push(name);
        }
        return { DeletedParameters, InvalidParameters };
      },
    },
    AddTagsToResource: {
      permissions: onNames('AddTagsToResource', (input) => [input.ResourceId]),
      run(input: Input) {
        const { tags } = tagged(input);
        for (const { Key, Value } of (input.Tags ?? []) as Tag[]) tags.set(Key, Value);
        return {};
      },
    },
    RemoveTagsFromResource: {
      permissions: onNames('RemoveTagsFromResource', (input) => [input.ResourceId]),
      run(input: Input) {
        const { tags } = tagged(input);
        for (const key of input.TagKeys ?? []) tags.delete(key);
        return {};
      },
    },
    ListTagsForResource: {
      permissions: onNames('ListTagsForResource', (input) => [input.ResourceId]),
      run: (input: Input) => ({ TagList: [...tagged(input).tags].map(([Key, Value]) => ({ Key, Value })) }),
    },
  };

  const tagged = (input: Input): Parameter => {
    const parameter = input.ResourceType === 'Parameter' ? parameters.get(input.ResourceId) : undefined;
    if (!parameter) {
      throw new AwsError(
        'InvalidResourceId',
        'The resource ID is not valid. Verify that you entered the correct ID and try again.',
      );
    }
    return parameter;
  };

  return { service: { name: 'ssm', operations } };
}

function checkType(type: unknown): ParameterType {
  if (type === 'String' || type === 'StringList') return type;
  if (type === 'SecureString') {
    throw new AwsError(
      'UnsupportedParameterType',
      'The local runtime does not simulate parameters of type SecureString.',
    );
  }
  if (type === undefined) {
    throw validation('A parameter type is required when you create a parameter.');
  }
  throw new AwsError('UnsupportedParameterType', `The parameter type ${String(type)} isn't supported.`);
}

function checkValue(value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw validation(
      "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.",
    );
  }
  return value;
}

function checkPattern({ allowedPattern, value, type }: ParameterVersion): void {
  if (allowedPattern === undefined || allowedPattern === '') return;
  const mismatch = () =>
    new AwsError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${allowedPattern}`,
    );
  let pattern: RegExp;
  try {
    pattern = new RegExp(allowedPattern);
  } catch {
    throw new AwsError(
      'InvalidAllowedPatternException',
      'The request does not meet the regular expression requirement.',
    );
  }
  for (const part of type === 'StringList' ? value.split(',') : [value]) if (!pattern.test(part)) throw mismatch();
}

function checkNames(names: unknown): readonly string[] {
  if (!Array.isArray(names) || names.length < 1 || names.length > 10) {
    const size = Array.isArray(names) && names.length > 10 ? 'less than or equal to 10' : 'greater than or equal to 1';
    throw validation(
      `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length ${size}`,
    );
  }
  return names;
}

/** AWS tells no more than the code. */
function notFound(): AwsError {
  return new AwsError('ParameterNotFound', '');
}
