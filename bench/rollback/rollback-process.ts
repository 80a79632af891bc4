/*
 * Rolls back in several ways, in virtual time with SageMaker's realistic times: the engine's own handler, the local
 * runtime's services. Prints one line of JSON: RollbackFigures.
 */

import { text } from 'node:stream/consumers';
import { historyPrefix, reconcileRequest } from '@freshpoint/cdk/contract';
import type { RefreshRecord } from '@freshpoint/engine/policy/history';
import type { EndpointState, Pin } from '@freshpoint/engine/policy/state';
import { KEY, SERVING_STACK, type Settings } from '@freshpoint/simulation/deployments/settings-app';
import { VirtualAccount } from '@freshpoint/simulation/deployments/virtual-account';
import { POLL_INTERVAL_SECONDS, WAIT_TIME_SECONDS } from '../patterns/stack.ts';
import { modelArchive } from '../support/archive.ts';
import type { RollbackFigures } from './measure-rollback.ts';

/** As an account has it, in seconds. */
const SETTINGS: Settings = { waitTime: WAIT_TIME_SECONDS, pollInterval: POLL_INTERVAL_SECONDS };

const oneEndpoint = (more: Settings = {}) => ({ endpoints: { Endpoint: { ...SETTINGS, ...more } } });

/** Uploads an archive; its ETag, which is the same for the same version. */
async function upload(account: VirtualAccount, version: string): Promise<string> {
  const object = { Bucket: account.bucket, Key: KEY, Body: modelArchive(version) };
  const { ETag } = await account.call('s3', 'PutObject', object);
  return ETag;
}

/** An account whose endpoint has served these versions one after the other. */
async function serving(...versions: string[]): Promise<{ account: VirtualAccount; etags: string[] }> {
  const account = await VirtualAccount.with(oneEndpoint());
  const etags: string[] = [];
  for (const version of versions) {
    const etag = await upload(account, version);
    await account.settle();
    await checkServes(account, etag);
    etags.push(etag);
  }
  return { account, etags };
}

/** Throws when the fleet answers with anything but the model with this ETag. */
async function checkServes(account: VirtualAccount, etag: string | undefined): Promise<void> {
  const answers = await account.answers();
  if (answers.length !== 1 || answers[0] !== etag) throw new Error(`The fleet answers with ${answers}, not ${etag}.`);
}

/**
 * Seconds from when `act` begins until the endpoint is InService on another config and serves the model with this
 * ETag.
 */
async function timed(account: VirtualAccount, etag: string | undefined, act: () => Promise<unknown>): Promise<number> {
  const view = async () => (await account.live()).endpoint;
  const before = (await view()).EndpointConfigName;
  const startedAt = account.clock.now();
  await act();
  await account.until('the endpoint is InService on another config', async () => {
    const { EndpointStatus, EndpointConfigName } = await view();
    return EndpointStatus === 'InService' && EndpointConfigName !== before;
  });
  const tookMs = account.clock.now() - startedAt;
  await checkServes(account, etag);
  account.stop();
  return tookMs / 1000;
}

/** As `freshpoint rollback` does it: to the `nth` revision before the one that serves. */
async function rollback(account: VirtualAccount, nth: number): Promise<void> {
  const { store, queueUrl } = await account.spec();
  const list = { Bucket: store.bucket, Prefix: historyPrefix(store) };
  const { Contents = [] } = await account.call('s3', 'ListObjectsV2', list);
  const Key = Contents.at(-1 - nth)?.Key;
  const { Body } = await account.call('s3', 'GetObject', { Bucket: store.bucket, Key });
  const { revision } = JSON.parse(await text(Body)) as RefreshRecord;
  const pin: Pin = { revision, by: 'bench', at: account.clock.now() };
  await account.replaceState(JSON.stringify({ ...(await account.state()), pin } satisfies EndpointState));
  const MessageBody = JSON.stringify(reconcileRequest(`${SERVING_STACK}/Endpoint`));
  await account.call('sqs', 'SendMessage', { QueueUrl: queueUrl, MessageBody });
}

const near = await serving('v1', 'v2');
const far = await serving('v1', 'v2', 'v3');
const again = await serving('v1', 'v2');
const deployed = await serving('v1', 'v2');
const otherSetting = oneEndpoint({ containers: [{ environment: { LEVEL: 'debug' } }] });
const figures: RollbackFigures = {
  swapSeconds: await timed(near.account, near.etags[0], () => rollback(near.account, 1)),
  copyAndSwapSeconds: await timed(far.account, far.etags[0], () => rollback(far.account, 2)),
  uploadAgainSeconds: await timed(again.account, again.etags[0], () => upload(again.account, 'v1')),
  deploySeconds: await timed(deployed.account, deployed.etags[1], () => deployed.account.deploy(otherSetting)),
};
console.log(JSON.stringify(figures));
process.exit(0);
