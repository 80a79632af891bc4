import type {
  DescribeParametersRequest,
  GetParameterHistoryRequest,
  GetParameterRequest,
  GetParametersByPathRequest,
  GetParametersRequest,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import type { Operation } from '../core/cloud.ts';
import { constraintMessage } from '../core/constraint.ts';
import { page } from '../core/page.ts';
import { permitted } from '../core/permitted.ts';
import { checkParameterNames, latest, type Parameter, type ParameterVersion, ssmValidationError } from './parameter.ts';
import type { SelectedVersion, SsmStore } from './ssm-store.ts';

const PATH_PAGE_SIZE = 10;
const PAGE_SIZE = 50;

/** GetParameter, GetParameters, GetParametersByPath, GetParameterHistory, DescribeParameters. */
export function readOperations(store: SsmStore): Record<string, Operation> {
  return permitted('ssm', (input: ReadInput) => readResources(store, input), {
    GetParameter: ({ Name }: GetParameterRequest) => ({ Parameter: describeValue(store, store.find(Name)) }),
    GetParameters: ({ Names }: GetParametersRequest) => getParameters(store, Names),
    GetParametersByPath: (input: GetParametersByPathRequest) => getParametersByPath(store, input),
    GetParameterHistory(input: GetParameterHistoryRequest) {
      const { parameter } = store.find(input.Name);
      const { items, NextToken } = pageAfter(parameter.versions, input, PAGE_SIZE, ({ version }) =>
        String(version).padStart(9, '0'),
      );
      const Parameters = items.map((version) => ({
        ...describeMetadata(parameter, version),
        Value: version.value,
        Labels: [],
      }));
      return { Parameters, NextToken };
    },
    DescribeParameters: (input: DescribeParametersRequest) => describeParameters(store, input),
  });
}

/** The members that name what is read. */
interface ReadInput {
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Path?: string;
}

function readResources(store: SsmStore, { Name, Names, Path }: ReadInput): string | string[] {
  if (Path !== undefined) return store.arnOf(Path.replace(/(?<=.)\/$/, ''));
  return Name === undefined && Names === undefined ? '*' : store.arnsOf(Names ?? [Name]);
}

function getParameters(store: SsmStore, names: readonly string[] | undefined) {
  const Parameters: unknown[] = [];
  const InvalidParameters: string[] = [];
  for (const name of new Set(checkParameterNames(names))) {
    try {
      Parameters.push(describeValue(store, store.find(name)));
    } catch {
      InvalidParameters.push(name);
    }
  }
  return { Parameters, InvalidParameters };
}

function getParametersByPath(store: SsmStore, input: GetParametersByPathRequest) {
  const path = input.Path;
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw ssmValidationError(
      "The parameter doesn't meet the parameter name requirements. " +
        'The parameter name must begin with a forward slash "/".',
    );
  }
  const prefix = path.endsWith('/') ? path : `${path}/`;
  const isDirect = (name: string) => !name.slice(prefix.length).includes('/');
  const below = store
    .sorted()
    .filter(({ name }) => name.startsWith(prefix) && (input.Recursive === true || isDirect(name)));
  const { items, NextToken } = pageAfter(below, input, PATH_PAGE_SIZE, ({ name }) => name);
  const Parameters = items.map((parameter) => describeValue(store, { parameter, version: latest(parameter) }));
  return { Parameters, NextToken };
}

function describeParameters(store: SsmStore, input: DescribeParametersRequest) {
  if ((input.Filters?.length ?? 0) > 0 || (input.ParameterFilters?.length ?? 0) > 0) {
    throw new AwsError(
      'UnsupportedOperationException',
      'The local runtime does not simulate filters of DescribeParameters.',
      501,
    );
  }
  const { items, NextToken } = pageAfter(store.sorted(), input, PAGE_SIZE, ({ name }) => name);
  const Parameters = items.map((parameter) => ({
    ...describeMetadata(parameter, latest(parameter)),
    ARN: store.arnOf(parameter.name),
  }));
  return { Parameters, NextToken };
}

/** `Parameter` of GetParameter. */
function describeValue(store: SsmStore, { parameter, version, selector }: SelectedVersion) {
  return {
    Name: parameter.name,
    Type: version.type,
    Value: version.value,
    Version: version.version,
    Selector: selector,
    LastModifiedDate: version.modifiedAt,
    ARN: store.arnOf(parameter.name),
    DataType: version.dataType,
  };
}

/** `ParameterMetadata` of DescribeParameters. */
function describeMetadata(parameter: Parameter, version: ParameterVersion) {
  return {
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
  };
}

interface PageInput {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/**
 * One page of `all`, which is sorted by `keyOf`. The token holds the last key, so that a page starts at the right item
 * when others are added or deleted meanwhile. Throws AwsError ValidationException, InvalidNextToken.
 */
function pageAfter<T>(all: readonly T[], input: PageInput, maxSize: number, keyOf: (item: T) => string) {
  const size = input.MaxResults ?? maxSize;
  if (!Number.isInteger(size) || size < 1 || size > maxSize) {
    throw ssmValidationError(constraintMessage('maxResults', size, `have value between 1 and ${maxSize}`));
  }
  const after = input.NextToken === undefined ? undefined : lastKeyIn(input.NextToken);
  const start = after === undefined ? 0 : all.filter((item) => keyOf(item) <= after).length;
  const { items, next } = page(all, size, start);
  const last = items.at(-1);
  return { items, NextToken: last !== undefined && next !== undefined ? tokenAfter(keyOf(last)) : undefined };
}

const TOKEN_PREFIX = 'after ';

function tokenAfter(key: string): string {
  return Buffer.from(`${TOKEN_PREFIX}${key}`).toString('base64');
}

function lastKeyIn(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith(TOKEN_PREFIX)) throw new AwsError('InvalidNextToken', 'The specified token is not valid.');
  return text.slice(TOKEN_PREFIX.length);
}
