import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  GetParameterHistoryCommand,
  type GetParameterHistoryResult,
  GetParametersByPathCommand,
  type GetParametersByPathResult,
  type ParameterHistory,
  SSMClient,
} from '@aws-sdk/client-ssm';
import {
  historyParameterName,
  reconcileRequest,
  specParameterName,
  stateParameterName,
} from '@freshpoint/cdk/contract';
import { type Client, send } from '@freshpoint/engine/adapters/client';
import { ssmRecords } from '@freshpoint/engine/adapters/ssm-records';
import type { HistoryRecord } from '@freshpoint/engine/policy/history';
import type { EndpointRecord, EndpointRecords } from '@freshpoint/engine/ports';
import { Failure } from '../failure.ts';
import { explained } from './explained.ts';

/** All parameters of all endpoints are below it. */
const ROOT = '/freshpoint';

/** Clients of the account's services: the SDK's, or a test's. */
export interface Clients {
  readonly ssm: Client;
  readonly sqs: Client;
}

/** What a person sees and says of the endpoints of an account. Every method throws Failure for a person's mistake. */
export interface EndpointAccount {
  /** Ids of all endpoints. */
  list(): Promise<string[]>;
  /** Spec and state. */
  read(endpoint: string): Promise<EndpointRecord & Required<Pick<EndpointRecord, 'spec'>>>;
  write: EndpointRecords['write'];
  /** Newest first, each once. */
  history(endpoint: string): Promise<HistoryRecord[]>;
  /** Promises that the refresher looks at the endpoint, and at what was written as this version of its state. */
  promise(endpoint: string, queueUrl: string, stateVersion: number): Promise<void>;
}

/** The SDK's clients, as the environment says: region, credentials, AWS_ENDPOINT_URL. */
export function sdkClients(): Clients {
  return { ssm: new SSMClient({}), sqs: new SQSClient({}) };
}

/** The account behind the clients. */
export function endpointAccount({ ssm, sqs }: Clients): EndpointAccount {
  const records = ssmRecords(ssm);
  const list = () => explained('ssm:GetParametersByPath', ROOT, () => idsIn(ssm));
  return {
    list,
    async read(endpoint) {
      const names = `${specParameterName(endpoint)} and ${stateParameterName(endpoint)}`;
      const record = await explained('ssm:GetParameters', names, () => records.read(endpoint));
      if (record.spec) return { ...record, spec: record.spec };
      throw new Failure(`There is no endpoint "${endpoint}". ${await list().then(there, told)}`);
    },
    write: (endpoint, ...given) =>
      explained('ssm:PutParameter', stateParameterName(endpoint), () => records.write(endpoint, ...given)),
    history: (endpoint) =>
      explained('ssm:GetParameterHistory', historyParameterName(endpoint), () => historyOf(ssm, endpoint)),
    async promise(endpoint, queueUrl, stateVersion) {
      const MessageBody = JSON.stringify({ ...reconcileRequest(endpoint), stateVersion });
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody });
      await explained('sqs:SendMessage', queueUrl, () => sqs.send(command));
    },
  };
}

function there(ids: readonly string[]): string {
  return ids.length > 0 ? `There are: ${ids.join(', ')}.` : 'There is none in this account and region.';
}

/** That one may not list them is no reason to keep silent about the one that is missing. */
function told(error: unknown): string {
  if (error instanceof Failure) return error.message;
  throw error;
}

async function idsIn(ssm: Client): Promise<string[]> {
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page: GetParametersByPathResult = await send(
      ssm,
      new GetParametersByPathCommand({ Path: ROOT, Recursive: true, NextToken }),
    );
    for (const { Name = '' } of page.Parameters ?? []) {
      const id = /^\/freshpoint\/(.+)\/spec$/.exec(Name)?.[1];
      if (id !== undefined) ids.push(id);
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return ids.sort();
}

async function historyOf(ssm: Client, endpoint: string): Promise<HistoryRecord[]> {
  const versions: ParameterHistory[] = [];
  let NextToken: string | undefined;
  do {
    const page: GetParameterHistoryResult = await send(
      ssm,
      new GetParameterHistoryCommand({ Name: historyParameterName(endpoint), MaxResults: 50, NextToken }),
    );
    versions.push(...(page.Parameters ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  // No page of AWS's says in which order they come.
  versions.sort((one, other) => (one.Version ?? 0) - (other.Version ?? 0));
  const found = new Map<string, HistoryRecord>();
  for (const { Value = '' } of versions) {
    const record = recordIn(Value);
    if (record) found.set(record.id, record);
  }
  return [...found.values()].reverse();
}

/** The parameter's first version is no record, and what another version of Freshpoint wrote may be none. */
function recordIn(value: string): HistoryRecord | undefined {
  try {
    const record = JSON.parse(value) as HistoryRecord;
    return typeof record?.id === 'string' && typeof record.revision === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}
