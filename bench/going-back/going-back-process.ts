/*
 * Goes back in several ways, in virtual time with SageMaker's realistic times: the engine's own handler, the local
 * runtime's services. Prints {"swap":s,"copyAndSwap":s,"uploadAgain":s,"deployAgain":s}.
 */
import { SERVING_STACK, type Settings } from '@freshpoint/simulation/deployments/settings-app';
import { VirtualAccount } from '@freshpoint/simulation/deployments/virtual-account';
import type { GoingBack } from './measure-going-back.ts';

// As an account has it.
const settings: Settings = { waitTime: 60, pollInterval: 30 };
const one = (more: Settings = {}) => ({ endpoints: { Endpoint: { ...settings, ...more } } });
const name = (what: string) => `/freshpoint/${SERVING_STACK}/Endpoint/${what}`;

async function serving(...versions: string[]): Promise<VirtualAccount> {
  const account = await VirtualAccount.with(one());
  for (const version of versions) {
    await account.upload(version);
    await account.settle();
  }
  return account;
}

/** Seconds until the endpoint is InService on another config, from when `act` begins. */
async function timed(account: VirtualAccount, act: () => Promise<unknown>): Promise<number> {
  const view = async () => (await account.live()).endpoint;
  const before = (await view()).EndpointConfigName;
  const from = account.clock.now();
  await act();
  await account.until('it is served', async () => {
    const { EndpointStatus, EndpointConfigName } = await view();
    return EndpointStatus === 'InService' && EndpointConfigName !== before;
  });
  const took = (account.clock.now() - from) / 1000;
  account.stop();
  return took;
}

/** As `freshpoint back` does. */
async function want(account: VirtualAccount, nth: number): Promise<void> {
  const { Parameters } = await account.call('ssm', 'GetParameterHistory', { Name: name('history') });
  const records = Parameters.map(({ Value }: { Value: string }) => JSON.parse(Value)).filter(
    ({ id }: { id?: string }) => id !== undefined,
  );
  const { Parameter } = await account.call('ssm', 'GetParameter', { Name: name('state') });
  const wanted = { revision: records.at(-1 - nth).revision, by: 'bench', at: account.clock.now() };
  const Value = JSON.stringify({ ...JSON.parse(Parameter.Value), wanted });
  await account.call('ssm', 'PutParameter', { Name: name('state'), Value, Type: 'String', Overwrite: true });
  const { Parameter: spec } = await account.call('ssm', 'GetParameter', { Name: name('spec') });
  const MessageBody = JSON.stringify({ version: 1, endpoint: `${SERVING_STACK}/Endpoint` });
  await account.call('sqs', 'SendMessage', { QueueUrl: JSON.parse(spec.Value).queueUrl, MessageBody });
}

const near = await serving('v2');
const far = await serving('v2', 'v3');
const again = await serving('v2');
const deployed = await serving('v2');
const result: GoingBack = {
  swap: await timed(near, () => want(near, 1)),
  copyAndSwap: await timed(far, () => want(far, 2)),
  uploadAgain: await timed(again, () => again.upload('v1')),
  deployAgain: await timed(deployed, () => deployed.deploy(one({ containers: [{ environment: { LEVEL: 'debug' } }] }))),
};
console.log(JSON.stringify(result));
process.exit(0);
