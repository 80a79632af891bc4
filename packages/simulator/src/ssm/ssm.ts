import type { SSM } from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import { type Deps, durableMaps, type Service } from '../core/cloud.ts';
import { checkMember } from '../core/constraint.ts';
import { operationsOf } from '../core/operations.ts';
import { requestedPage } from '../core/page.ts';
import { tagList } from '../core/tags.ts';
import { latest, type Parameter, putVersion, setTags, ssmValidationError } from './parameter.ts';
import { parameterNotFound, type SelectedVersion, type SsmStore, ssmStore } from './ssm-store.ts';

/** Names in one request. */
const MAX_NAMES = 10;
const PATH_PAGE_SIZE = 10;
const PAGE_SIZE = 50;

/** Systems Manager's Parameter Store: String and StringList parameters, in the standard and advanced tiers. */
export interface Ssm {
  readonly service: Service;
}

export function createSsm(deps: Deps): Ssm {
  const store = ssmStore(deps.account);
  const operations = { ...readOperations(store), ...listOperations(store), ...writeOperations(deps, store) };
  return { service: { name: 'ssm', operations, durable: durableMaps({ parameters: store.parameters }) } };
}

function readOperations(store: SsmStore) {
  return operationsOf<SSM>()('ssm', ({ Names, Name }) => (Names ?? [Name]).map((name) => store.arnOf(name)), {
    GetParameter: ({ Name }) => ({ Parameter: describe(store, store.find(Name)) }),
    GetParameters({ Names }) {
      const found = (name: string) => {
        try {
          return store.find(name);
        } catch {
          return undefined;
        }
      };
      const { known, unknown } = splitNames(Names, found);
      return { Parameters: known.map((selected) => describe(store, selected)), InvalidParameters: unknown };
    },
    GetParameterHistory({ Name, ...input }) {
      const { parameter } = store.find(Name);
      const { items, NextToken } = pageOf(parameter.versions, input, ({ Version }) => String(Version).padStart(9, '0'));
      return { Parameters: items, NextToken };
    },
  });
}

function listOperations(store: SsmStore) {
  const resourceOf = (path = '*') => (path === '*' ? path : store.arnOf(path.replace(/(?<=.)\/$/, '')));
  return operationsOf<SSM>()('ssm', ({ Path }) => resourceOf(Path), {
    GetParametersByPath({ Path = '', Recursive = false, ...input }) {
      if (!Path.startsWith('/')) {
        throw ssmValidationError(
          "The parameter doesn't meet the parameter name requirements. " +
            'The parameter name must begin with a forward slash "/".',
        );
      }
      const prefix = Path.endsWith('/') ? Path : `${Path}/`;
      const isBelow = ({ name }: Parameter) =>
        name.startsWith(prefix) && (Recursive || !name.slice(prefix.length).includes('/'));
      const { items, NextToken } = pageOf(store.sorted().filter(isBelow), input, ({ name }) => name, PATH_PAGE_SIZE);
      const latestOf = (parameter: Parameter) => describe(store, { parameter, version: latest(parameter) });
      return { Parameters: items.map(latestOf), NextToken };
    },
    DescribeParameters(input) {
      const { items, NextToken } = pageOf(store.sorted(), input, ({ name }) => name);
      const metadata = (parameter: Parameter) => {
        const { Value: _value, Labels: _labels, ...shown } = latest(parameter);
        return { ...shown, ARN: store.arnOf(parameter.name) };
      };
      return { Parameters: items.map(metadata), NextToken };
    },
  });
}

function writeOperations({ clock }: Deps, store: SsmStore) {
  const tagged = ({
    ResourceType,
    ResourceId,
  }: {
    ResourceType: string | undefined;
    ResourceId: string | undefined;
  }) => {
    if (ResourceType !== 'Parameter') {
      throw new AwsError(
        'InvalidResourceType',
        'The resource type is not valid. The local runtime has Parameter only.',
      );
    }
    const parameter = store.get(ResourceId);
    if (parameter) return parameter;
    throw new AwsError(
      'InvalidResourceId',
      'The resource ID is not valid. Verify that you entered the correct ID and try again.',
    );
  };
  const resourcesOf = (selectors: readonly (string | undefined)[]) => selectors.map((name) => store.arnOf(name));
  return operationsOf<SSM>()('ssm', ({ Names, Name, ResourceId }) => resourcesOf(Names ?? [Name ?? ResourceId]), {
    PutParameter(input, { arn }) {
      const parameter = putVersion(store.get(input.Name), input, { at: new Date(clock.now()), by: arn });
      setTags(parameter, input.Tags);
      store.put(parameter);
      const { Version, Tier } = latest(parameter);
      return { Version, Tier };
    },
    DeleteParameter({ Name }) {
      if (!store.delete(Name)) throw parameterNotFound();
    },
    DeleteParameters({ Names }) {
      const { known, unknown } = splitNames(Names, (name) => (store.delete(name) ? name : undefined));
      return { DeletedParameters: known, InvalidParameters: unknown };
    },
    AddTagsToResource: ({ Tags, ...resource }) => setTags(tagged(resource), Tags),
    RemoveTagsFromResource({ TagKeys = [], ...resource }) {
      for (const key of TagKeys) tagged(resource).tags.delete(key);
    },
    ListTagsForResource: (resource) => ({ TagList: tagList(tagged(resource).tags) }),
  });
}

/** What is found by each name, and the names by which nothing is. Throws AwsError unless there are 1 to 10 names. */
function splitNames<T>(names: readonly string[] = [], find: (name: string) => T | undefined) {
  checkMember('names', names, { min: 1, max: MAX_NAMES });
  const found = [...new Set(names)].map((name) => ({ name, item: find(name) }));
  return {
    known: found.flatMap(({ item }) => item ?? []),
    unknown: found.filter(({ item }) => item === undefined).map(({ name }) => name),
  };
}

/** `Parameter` of GetParameter. */
function describe(store: SsmStore, { parameter: { name: Name }, version, selector }: SelectedVersion) {
  const { Type, Value, Version, LastModifiedDate, DataType } = version;
  return { Name, Type, Value, Version, Selector: selector, LastModifiedDate, ARN: store.arnOf(Name), DataType };
}

type PageInput = { MaxResults?: number; NextToken?: string };

/** The page that the input asks for, of a list in the order of `keyOf`. */
function pageOf<T>(
  all: readonly T[],
  { MaxResults, NextToken }: PageInput,
  keyOf: (item: T) => string,
  max = PAGE_SIZE,
) {
  checkMember('maxResults', MaxResults, { min: 1, max });
  const invalid = () => new AwsError('InvalidNextToken', 'The specified token is not valid.');
  const { items, token } = requestedPage(all, { size: MaxResults, max, token: NextToken, keyOf }, invalid);
  return { items, NextToken: token };
}
