import { S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  type EndpointSpec,
  type EndpointStore,
  historyPrefix,
  reconcileRequest,
  specParameterName,
  stateKey,
} from '@freshpoint/cdk/contract';
import { type Client, pages, send } from '@freshpoint/engine/adapters/client';
import { s3History } from '@freshpoint/engine/adapters/s3-history';
import { s3States } from '@freshpoint/engine/adapters/s3-states';
import { ssmSpecs } from '@freshpoint/engine/adapters/ssm-specs';
import type { ListedRecord } from '@freshpoint/engine/policy/history';
import { lostState } from '@freshpoint/engine/policy/state';
import type { EndpointHistory, EndpointStates, StoredState } from '@freshpoint/engine/ports';
import { CommandFailure, UsageError } from '../command-failure.ts';
import { explainErrors } from './aws-errors.ts';
import { type ClientConfig, s3Config } from './client-config.ts';

/** Records of the history that are listed. */
const MAX_LISTED_RECORDS = 100;

/** The path of the specs of all endpoints. */
const ROOT_PATH = '/freshpoint';

/** Clients of the account's services: the SDK's, or a test's. */
export interface AccountClients {
  readonly ssm: Client;
  readonly s3: Client;
  readonly sqs: Client;
}

/** `newId` returns a unique text. */
interface AccountSources {
  readonly newId: () => string;
}

/** The endpoints of an account. Every method throws CommandFailure for a problem that the user can fix. */
export interface EndpointAccount {
  /** Ids of all endpoints. */
  list(): Promise<string[]>;
  /** The id of the endpoint with this id, this id of the construct in its stack, or this name in SageMaker. */
  resolve(name: string): Promise<string>;
  /** Spec and state. A state that was lost is one that the controller still has to rebuild. */
  read(endpoint: string): Promise<StoredState & { readonly spec: EndpointSpec }>;
  write: EndpointStates['write'];
  /** The newest hundred records, newest first. */
  history(store: EndpointStore): Promise<readonly ListedRecord[]>;
  appendHistory(...record: Parameters<EndpointHistory['append']>): Promise<void>;
  /** Sends a reconcile request. */
  enqueueReconcile(endpoint: string, queueUrl: string): Promise<void>;
}

/** The SDK's clients, configured as the AWS CLI is. */
export function sdkClients(config: ClientConfig): AccountClients {
  return { ssm: new SSMClient(config), s3: new S3Client(s3Config(config)), sqs: new SQSClient(config) };
}

/** The account behind the clients. */
export function endpointAccount({ ssm, s3, sqs }: AccountClients, { newId }: AccountSources): EndpointAccount {
  const specs = ssmSpecs(ssm);
  const states = s3States(s3, newId);
  const history = s3History(s3);
  const listed = () => explainErrors('ssm:GetParametersByPath', ROOT_PATH, () => declaredEndpoints(ssm));
  const list = async () => (await listed()).map(({ id }) => id);
  return {
    list,
    async resolve(name) {
      // An id has a slash. Other names need the list.
      return name.includes('/') ? name : chooseEndpoint(await listed(), name);
    },
    async read(endpoint) {
      const name = specParameterName(endpoint);
      const spec = await explainErrors('ssm:GetParameters', name, () => specs.read(endpoint));
      if (!spec) {
        const available = await list().then(describeEndpoints, messageOf);
        throw new CommandFailure(`There is no endpoint "${endpoint}". ${available}`);
      }
      const stored = await explainErrors('s3:GetObject', stateUri(spec.store), () => states.read(spec.store));
      return { ...(stored ?? { state: lostState() }), spec };
    },
    write: (store, ...given) => explainErrors('s3:PutObject', stateUri(store), () => states.write(store, ...given)),
    history: (store) =>
      explainErrors('s3:ListBucket and s3:GetObject', historyUri(store), () => history.list(store, MAX_LISTED_RECORDS)),
    async appendHistory(store, record) {
      await explainErrors('s3:PutObject', historyUri(store), () => history.append(store, record));
    },
    async enqueueReconcile(endpoint, queueUrl) {
      const MessageBody = JSON.stringify(reconcileRequest(endpoint));
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody });
      await explainErrors('sqs:SendMessage', queueUrl, () => sqs.send(command));
    },
  };
}

function stateUri(store: EndpointStore): string {
  return `s3://${store.bucket}/${stateKey(store)}`;
}

function historyUri(store: EndpointStore): string {
  return `s3://${store.bucket}/${historyPrefix(store)}`;
}

function describeEndpoints(ids: readonly string[]): string {
  return ids.length > 0 ? `Available endpoints: ${ids.join(', ')}.` : 'This account and region have none.';
}

/** Without permission to list the endpoints, the error still names the missing one. */
function messageOf(error: unknown): string {
  if (error instanceof CommandFailure) return error.message;
  throw error;
}

/** An endpoint that a stack declares. */
interface DeclaredEndpoint {
  readonly id: string;
  /** Its name in SageMaker. Absent: its spec cannot be read. */
  readonly name?: string;
}

async function declaredEndpoints(ssm: Client): Promise<DeclaredEndpoint[]> {
  const endpoints: DeclaredEndpoint[] = [];
  const found = pages(
    (NextToken: string | undefined) =>
      send(ssm, new GetParametersByPathCommand({ Path: ROOT_PATH, Recursive: true, NextToken })),
    ({ NextToken }) => NextToken,
  );
  for await (const { Parameters = [] } of found) {
    for (const { Name = '', Value = '' } of Parameters) {
      const id = /^\/freshpoint\/(.+)\/spec$/.exec(Name)?.[1];
      if (id !== undefined) endpoints.push({ id, ...endpointNameIn(Value) });
    }
  }
  return endpoints.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function endpointNameIn(spec: string): { readonly name?: string } {
  try {
    return { name: (JSON.parse(spec) as Partial<EndpointSpec>).endpointName };
  } catch {
    return {};
  }
}

function chooseEndpoint(endpoints: readonly DeclaredEndpoint[], name: string): string {
  const ids = endpoints.map(({ id }) => id);
  const named = endpoints.filter((endpoint) => endpoint.name === name);
  const matching = named.length > 0 ? named : endpoints.filter(({ id }) => id.slice(id.indexOf('/') + 1) === name);
  const [match, ...others] = matching;
  if (!match) throw new CommandFailure(`There is no endpoint "${name}". ${describeEndpoints(ids)}`);
  if (others.length === 0) return match.id;
  const several = matching.map(({ id }) => id).join(', ');
  throw new UsageError(`The endpoint is "${name}", which matches several: ${several}. Add the name of the stack.`);
}
