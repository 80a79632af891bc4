import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  type ParameterHistory,
  SSMClient,
} from '@aws-sdk/client-ssm';
import {
  historyParameterName,
  reconcileRequest,
  specParameterName,
  stateParameterName,
} from '@freshpoint/cdk/contract';
import { type Client, pages, send } from '@freshpoint/engine/adapters/client';
import { ssmRecords } from '@freshpoint/engine/adapters/ssm-records';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointRecord, EndpointRecords } from '@freshpoint/engine/ports';
import { CommandFailure } from '../command-failure.ts';
import { explainErrors } from './aws-errors.ts';

/** The path of all parameters of all endpoints. */
const ROOT_PATH = '/freshpoint';
/** Records per call: GetParameterHistory returns at most 50. */
const HISTORY_PAGE_SIZE = 50;

/** Clients of the account's services: the SDK's, or a test's. */
export interface AccountClients {
  readonly ssm: Client;
  readonly sqs: Client;
}

/** The endpoints of an account. Every method throws CommandFailure for a problem that the user can fix. */
export interface EndpointAccount {
  /** Ids of all endpoints. */
  list(): Promise<string[]>;
  /** Spec and state. */
  read(endpoint: string): Promise<EndpointRecord & Required<Pick<EndpointRecord, 'spec'>>>;
  write: EndpointRecords['write'];
  /** Newest first, each record once. */
  history(endpoint: string): Promise<HistoryRecord[]>;
  /** Sends a reconcile request for a state of at least this version. */
  enqueueReconcile(endpoint: string, queueUrl: string, stateVersion: number): Promise<void>;
}

/** The SDK's clients, configured by the environment: region, credentials, AWS_ENDPOINT_URL. */
export function sdkClients(): AccountClients {
  return { ssm: new SSMClient({}), sqs: new SQSClient({}) };
}

/** The account behind the clients. */
export function endpointAccount({ ssm, sqs }: AccountClients): EndpointAccount {
  const records = ssmRecords(ssm);
  const list = () => explainErrors('ssm:GetParametersByPath', ROOT_PATH, () => endpointIds(ssm));
  return {
    list,
    async read(endpoint) {
      const names = `${specParameterName(endpoint)} and ${stateParameterName(endpoint)}`;
      const record = await explainErrors('ssm:GetParameters', names, () => records.read(endpoint));
      if (record.spec) return { ...record, spec: record.spec };
      throw new CommandFailure(
        `There is no endpoint "${endpoint}". ${await list().then(describeEndpoints, messageOf)}`,
      );
    },
    write: (endpoint, ...given) =>
      explainErrors('ssm:PutParameter', stateParameterName(endpoint), () => records.write(endpoint, ...given)),
    history: (endpoint) =>
      explainErrors('ssm:GetParameterHistory', historyParameterName(endpoint), () => historyOf(ssm, endpoint)),
    async enqueueReconcile(endpoint, queueUrl, stateVersion) {
      const MessageBody = JSON.stringify({ ...reconcileRequest(endpoint), stateVersion });
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody });
      await explainErrors('sqs:SendMessage', queueUrl, () => sqs.send(command));
    },
  };
}

function describeEndpoints(ids: readonly string[]): string {
  return ids.length > 0 ? `Available endpoints: ${ids.join(', ')}.` : 'This account and region have none.';
}

/** Without permission to list the endpoints, the error still names the missing one. */
function messageOf(error: unknown): string {
  if (error instanceof CommandFailure) return error.message;
  throw error;
}

async function endpointIds(ssm: Client): Promise<string[]> {
  const ids: string[] = [];
  const found = pages(
    (NextToken: string | undefined) =>
      send(ssm, new GetParametersByPathCommand({ Path: ROOT_PATH, Recursive: true, NextToken })),
    ({ NextToken }) => NextToken,
  );
  for await (const { Parameters = [] } of found) {
    for (const { Name = '' } of Parameters) {
      const id = /^\/freshpoint\/(.+)\/spec$/.exec(Name)?.[1];
      if (id !== undefined) ids.push(id);
    }
  }
  return ids.sort();
}

async function historyOf(ssm: Client, endpoint: string): Promise<HistoryRecord[]> {
  const Name = historyParameterName(endpoint);
  const versions: ParameterHistory[] = [];
  const found = pages(
    (NextToken: string | undefined) =>
      send(ssm, new GetParameterHistoryCommand({ Name, MaxResults: HISTORY_PAGE_SIZE, NextToken })),
    ({ NextToken }) => NextToken,
  );
  for await (const { Parameters = [] } of found) versions.push(...Parameters);
  // SSM does not document an order.
  versions.sort((one, other) => (one.Version ?? 0) - (other.Version ?? 0));
  const records = new Map<string, HistoryRecord>();
  for (const { Value = '' } of versions) {
    const record = parseRecord(Value);
    if (record) records.set(record.id, record);
  }
  return [...records.values()].reverse();
}

/** Undefined for a value that is not a record: the parameter's first version, or one that another release wrote. */
function parseRecord(value: string): HistoryRecord | undefined {
  try {
    const record = JSON.parse(value) as HistoryRecord;
    return typeof record?.id === 'string' && typeof record.revision === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}
