import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { NAMES } from '@freshpoint-examples/iris/names';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeBrokenModel, writeTinyModel } from './archives.ts';
import { type CommandResult, freshpoint, objectsIn } from './command-line.ts';
import { Stage } from './stage.ts';

const ID = NAMES.endpointId;

let stage: Stage;
let bucket: string;
let endpointName: string;
/** Revisions by the name of their model. */
const revisions: Record<string, string> = {};

const run = (...args: string[]) => freshpoint(stage.runtime.url, args);
const json = async (...args: string[]) => objectsIn(await run(...args, '--json'));
const status = async () => (await json('status', ID))[0];
const short = (name: string) => (revisions[name] ?? '').slice(0, 12);

/** Runs a command that has to succeed. */
async function succeed(...args: string[]): Promise<CommandResult> {
  const result = await run(...args);
  expect(result).toMatchObject({ exitCode: 0, error: '' });
  return result;
}

/** Uploads a model whose bytes are the same each time. */
async function upload(name: string, path?: string): Promise<void> {
  const file = path ?? join(stage.folder, `${name}.tar.gz`);
  await stage.s3.send(new PutObjectCommand({ Bucket: bucket, Key: NAMES.modelKey, Body: await readFile(file) }));
}

beforeAll(async () => {
  stage = await Stage.open();
  bucket = await stage.deployIris();
  endpointName = (await json('status'))[0].endpointName;
  for (const name of ['v2', 'v3']) await writeTinyModel(stage.folder, name);
});
afterAll(() => stage?.close());

describe('the command, against a live endpoint', () => {
  test('status shows what serves, of all endpoints and of one by each of its names', async () => {
    const all = await succeed('status');
    expect(all.out).toMatch(/^endpoint +serves +slot +since +rollout +attention\nIris\/Endpoint +[0-9a-f]{12} +A +2/);
    for (const name of [ID, 'Endpoint', endpointName]) {
      const [found] = await json('status', name);
      expect(found).toMatchObject({
        endpoint: ID,
        status: 'InService',
        serving: { slot: 'a', revision: expect.any(String) },
        needsAttention: false,
      });
      revisions.v1 = found.serving.revision;
    }
    const one = await succeed('status', ID);
    expect(one.out).toContain(`serves      ${short('v1')} in slot A since`);
    const explained = await succeed('explain', ID);
    expect(explained.out).toMatch(/^The newest upload, .* serves: it is the newest upload\.\n\nNext: Nothing\.\n$/);
    const [event] = await json('watch', ID);
    expect(event).toMatchObject({ event: 'serving', revision: revisions.v1 });
  });

  test('suspend keeps an upload from being served; resume has it served within seconds, which watch shows', async () => {
    expect((await succeed('suspend', ID, '--reason', 'an audit')).out).toContain(`swaps of ${ID} are suspended until`);
    expect((await succeed('suspend', ID)).out).toContain('are suspended already, by');
    await upload('v2');
    await stage.until('the upload waits', async () => (await status()).waiting?.reason === 'Suspended');
    const found = await status();
    revisions.v2 = found.newest.revision;
    expect(found).toMatchObject({ suspended: { reason: 'an audit' }, serving: { revision: revisions.v1 } });
    expect((await succeed('status', ID)).out).toMatch(/suspended {3}by .* since .*: an audit/);
    const [explained] = await json('explain', ID);
    expect(explained).toMatchObject({ reason: 'Suspended', nextStep: `Run \`freshpoint resume ${ID}\`.` });
    expect(explained.explanation).toMatch(/does not serve yet\. Suspended by .* \(an audit\)\./);

    const watching = json('watch', ID);
    expect((await succeed('resume', ID)).out).toContain(`swaps of ${ID} are resumed; they were suspended by`);
    const events = await watching;
    expect(events.at(-1)).toMatchObject({ event: 'serving', revision: revisions.v2 });
    expect(events.length).toBeGreaterThan(1);
    expect((await succeed('resume', ID)).out).toContain('are not suspended');
    await stage.untilServes(endpointName, 'v2');
  });

  test('rollback returns to the revision before, and the history says who and why', async () => {
    const { out } = await succeed('rollback', ID, '--reason', 'accuracy fell');
    expect(out).toContain(`${ID} serves ${short('v1')}`);
    await stage.untilServes(endpointName, 'v1');
    expect(await status()).toMatchObject({ pinned: { revision: revisions.v1, reason: 'accuracy fell' } });
    const records = await json('history', ID);
    expect(records.map(({ outcome }) => outcome)).toEqual([
      ...['succeeded', 'rollback', 'succeeded', 'resume', 'suspend', 'deployed'],
    ]);
    expect((await succeed('history', ID)).out).toMatch(/ rollback\n {5}accuracy fell\n/);
    expect((await json('explain', ID))[0].explanation).toMatch(
      new RegExp(`does not serve because .* rolled ${ID} back to ${short('v1')} on .* \\(accuracy fell\\)`),
    );
  });

  test('uploading again what was rolled back is passed over, and every command says so', async () => {
    await upload('v2');
    await stage.until('it is passed over', async () => (await status()).pinned?.passedOver);
    expect((await json('history', ID))[0]).toMatchObject({ outcome: 'passedOver', revision: revisions.v2 });
    expect((await succeed('status', ID)).out.replace(/\s+/g, ' ')).toContain('was uploaded again and passed over');
    const [explained] = await json('explain', ID);
    expect(explained.explanation).toContain('the same bytes are the same revision');
    expect(explained.nextStep).toContain(`freshpoint refresh ${ID} --force`);
    expect(stage.log.filter(({ decision }) => decision === 'passedOver')).toHaveLength(1);
  });

  test('refresh --force serves it all the same', async () => {
    await succeed('refresh', ID, '--force', '--reason', 'the accuracy was measured wrongly');
    expect((await json('watch', ID)).at(-1)).toMatchObject({ event: 'serving', revision: revisions.v2 });
    await stage.untilServes(endpointName, 'v2');
    expect((await status()).pinned).toBeUndefined();
    await succeed('refresh', ID);
  });

  test('a model that cannot start is quarantined: watch, status and explain say so, and retry tries it again', async () => {
    await upload('broken', await writeBrokenModel(stage.folder, 'broken'));
    const watched = await run('watch', ID, '--json');
    expect(watched.exitCode).toBe(3);
    const last = objectsIn(watched).at(-1);
    expect(last).toMatchObject({ event: 'quarantined', message: expect.stringContaining('ping health check') });
    const shown = await run('status', ID);
    expect(shown.exitCode).toBe(3);
    expect(shown.out).toContain(`quarantined ${last.revision.slice(0, 12)} since`);
    const [explained] = await json('explain', ID);
    expect(explained).toMatchObject({ reason: 'Quarantined', nextStep: expect.stringContaining('freshpoint retry') });

    await succeed('retry', ID, '--reason', 'the container is mended');
    expect((await run('watch', ID)).exitCode).toBe(3);
    const outcomes = (await json('history', ID)).map(({ outcome }) => outcome);
    expect(outcomes.slice(0, 3)).toEqual(['refused', 'retry', 'refused']);
  });

  test('check says before the upload what the controller would say after it', async () => {
    const sound = join(stage.folder, 'v3.tar.gz');
    const cut = join(stage.folder, 'cut.tar.gz');
    await writeFile(cut, (await readFile(sound)).subarray(0, -20));
    expect((await succeed('check', sound)).out).toMatch(/^sound {4}.*v3\.tar\.gz: \d+ entries, \d+ bytes\n$/);
    const refused = await run('check', sound, cut);
    expect(refused).toMatchObject({ exitCode: 3, out: expect.stringContaining(`refused  ${cut}`) });
    expect(await run('check', join(stage.folder, 'none.tar.gz'))).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('cannot be read: ENOENT'),
    });
  });

  test('redrive moves the dead letters of the endpoint back to the work queue', async () => {
    const { deadLetterQueueUrl: QueueUrl } = await stage.refresherOf(NAMES.stack);
    const letter = (endpoint: string, more = {}) =>
      stage.callAsRoot('sqs', 'SendMessage', {
        QueueUrl,
        MessageBody: JSON.stringify({ version: 1, endpoint, ...more }),
        MessageAttributes: { reason: { DataType: 'String', StringValue: `${endpoint} stalled` } },
      });
    await letter(ID);
    await letter('Other/Endpoint');
    await letter(ID, { gate: {} });
    const from = stage.log.length;
    expect((await succeed('redrive', ID)).out).toBe(`moved back to the work queue: ${ID} stalled\n`);
    await stage.untilLog('the request is handled', ({ decision }) => decision === 'done', from);
    expect((await succeed('redrive', ID)).out).toBe(`There is no dead letter of ${ID}.\n`);
    const { Attributes } = await stage.callAsRoot('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    expect(Attributes.ApproximateNumberOfMessages).toBe('2');
  });

  test('status shows that the endpoint was moved by hand', async () => {
    await upload('v3');
    await json('watch', ID);
    await stage.untilServes(endpointName, 'v3');
    const { EndpointConfigName } = await stage.describe(endpointName);
    const { Configs } = await configsOf();
    const other = Configs.find((name: string) => name !== EndpointConfigName);
    await stage.sagemaker.send(new UpdateEndpointCommand({ EndpointName: endpointName, EndpointConfigName: other }));
    await stage.untilStatus(endpointName, 'InService');
    expect((await status()).moved).toContain(`The endpoint was moved by hand to ${other}, slot`);
  });

  test('--profile and --region are those of the AWS CLI', async () => {
    const config = join(stage.folder, 'config');
    const lines = ['[profile oncall]', 'region = eu-west-1', 'aws_access_key_id = x', 'aws_secret_access_key = x'];
    await writeFile(config, lines.join('\n'));
    const environment = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(stage.folder, 'none') };
    const list = (...args: string[]) => freshpoint(stage.runtime.url, ['history', ...args], environment);
    expect(await list('--profile', 'oncall', '--region', 'us-east-1')).toMatchObject({ exitCode: 0, out: `${ID}\n` });
    // The region of the profile.
    expect(await list('--profile', 'oncall')).toMatchObject({ exitCode: 0 });
    for (const args of [[], ['--profile', 'nobody', '--region', 'us-east-1']]) {
      const { exitCode, error } = await list(...args);
      expect(exitCode).toBe(1);
      expect(error).toMatch(/^freshpoint: ssm:GetParametersByPath \(\/freshpoint\): .*\n$/);
    }
  });
});

/** Names of the two endpoint configs. */
async function configsOf(): Promise<{ readonly Configs: string[] }> {
  const name = `/freshpoint/${ID}/spec`;
  const { Parameter } = await stage.callAsRoot('ssm', 'GetParameter', { Name: name });
  return { Configs: Object.values(JSON.parse(Parameter.Value).configs) };
}
