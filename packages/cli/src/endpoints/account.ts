import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  GetParameterHistoryCommand,
  type GetParameterHistoryResult,
  GetParametersByPathCommand,
  type GetParametersByPathResult,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { historyParameterName, promiseMessage } from '../../../cdk/src/private/contract.ts';
import type { Client } from '../../../engine/src/adapters/client.ts';
import { ssmRecords } from '../../../engine/src/adapters/ssm.ts';
import type { HistoryRecord } from '../../../engine/src/history.ts';
import type { Record, Records } from '../../../engine/src/ports.ts';
import { Failure } from '../failure.ts';

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
  read(endpoint: string): Promise<Record & Required<Pick<Record, 'spec'>>>;
  write: Records['write'];
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
  const list = () => explained('ssm:GetParametersByPath', () => idsIn(ssm));
  return {
    list,
    async read(endpoint) {
      const record = await explained('ssm:GetParameters', () => records.read(endpoint));
      if (record.spec) return { ...record, spec: record.spec };
      const ids = await list();
      const there = ids.length > 0 ? `There are: ${ids.join(', ')}` : 'There is none in this account and region';
      throw new Failure(`There is no endpoint "${endpoint}". ${there}.`);
    },
    write: (...given) => explained('ssm:PutParameter', () => records.write(...given)),
    history: (endpoint) => explained('ssm:GetParameterHistory', () => historyOf(ssm, endpoint)),
    async promise(endpoint, queueUrl, stateVersion) {
      const MessageBody = JSON.stringify({ ...promiseMessage(endpoint), stateVersion });
      await explained('sqs:SendMessage', () => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody })));
    },
  };
}

async function idsIn(ssm: Client): Promise<string[]> {
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const page: GetParametersByPathResult = await ssm.send(
      new GetParametersByPathCommand({ Path: '/freshpoint', Recursive: true, NextToken }),
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
  const found = new Map<string, HistoryRecord>();
  let NextToken: string | undefined;
  do {
    const page: GetParameterHistoryResult = await ssm.send(
      new GetParameterHistoryCommand({ Name: historyParameterName(endpoint), MaxResults: 50, NextToken }),
    );
    for (const { Value = '' } of page.Parameters ?? []) {
      const record = recordIn(Value);
      if (record) found.set(record.id, record);
    }
    NextToken = page.NextToken;
  } while (NextToken);
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

/** Errors that a person can mend, in words of what was asked. */
async function explained<T>(call: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error as Error;
    if (/AccessDenied|UnrecognizedClient|ExpiredToken|InvalidClientTokenId/.test(name)) {
      throw new Failure(`${call} was refused: ${message}. Look at the credentials and what they are allowed.`, error);
    }
    if (/CredentialsProviderError/.test(name) || /Region is missing/.test(message)) {
      throw new Failure(`${call}: ${message}. Set AWS_REGION and credentials, as for the AWS CLI.`, error);
    }
    if (name === 'ParameterNotFound') throw new Failure(`${call}: ${message || 'there is no such parameter'}.`, error);
    if (/ECONNREFUSED|ENOTFOUND/.test(message))
      throw new Failure(`${call}: ${message}. Look at AWS_ENDPOINT_URL and the network.`, error);
    throw error;
  }
}
