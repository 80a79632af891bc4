import { CopyObjectCommand, DeleteObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { EventType, type NotificationKeyFilter } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointsApp } from './many-endpoints-app.ts';
import { type LogEntry, Stage } from './stage.ts';

const MIB = 2 ** 20;

/** One endpoint per kind of event. Each one's name is the prefix of its keys. */
const EVENTS: Readonly<Record<string, readonly [EventType, NotificationKeyFilter[]?]>> = {
  created: [EventType.OBJECT_CREATED],
  put: [EventType.OBJECT_CREATED_PUT],
  copy: [EventType.OBJECT_CREATED_COPY],
  multipart: [EventType.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD],
  removed: [EventType.OBJECT_REMOVED],
  marker: [EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED],
  tagged: [EventType.OBJECT_TAGGING_PUT],
  suffix: [EventType.OBJECT_CREATED, [{ suffix: '.tgz' }]],
  prefix: [EventType.OBJECT_CREATED, [{ prefix: 'prefix/deep/' }]],
  both: [EventType.OBJECT_CREATED, [{ prefix: 'both/deep/', suffix: '.tar.gz' }]],
  star: [EventType.OBJECT_CREATED, [{ prefix: 'star/*/', suffix: '.tar.gz' }]],
};

describe('bucket events', () => {
  let stage: Stage;
  let Bucket: string;
  const key = (name: string) => `${name}/model.tar.gz`;

  beforeAll(async () => {
    const sketches = Object.entries(EVENTS).map(([name, [eventType, filters]]) => ({
      name,
      key: key(name),
      bucketEvents: [{ eventType, keyFilters: filters ?? [{ prefix: `${name}/` }] }],
    }));
    stage = await Stage.open({ app: (outdir) => endpointsApp(outdir, sketches) });
    const { BucketName = '' } = await stage.deploy('Data');
    Bucket = BucketName;
    for (const { key } of sketches) await stage.upload(Bucket, key, 'v1');
    // A filter's prefix is a source too: without an object below it, the endpoint would wait for one.
    for (const prefix of ['prefix/deep/', 'both/deep/', 'star/*/']) {
      await stage.upload(Bucket, `${prefix}first.tar.gz`, 'v1');
    }
    await stage.deployEndpoints('Endpoints', ...sketches.map(({ name }) => name));
  });
  afterAll(() => stage?.close());

  const put = (Key: string) => stage.upload(Bucket, Key, 'v2');
  const remove = (Key: string) => stage.s3.send(new DeleteObjectCommand({ Bucket, Key }));
  const copyTo = (Key: string) =>
    stage.s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${key('created')}` }));
  const tag = (Key: string) =>
    stage.s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }));
  const multipart = (Key: string) =>
    new Upload({
      client: stage.s3,
      params: { Bucket, Key, Body: Buffer.alloc(6 * MIB) },
      partSize: 5 * MIB,
    }).done();

  /** Of each endpoint: actions that must not request a reconcile pass, and one that must. */
  const cases: [name: string, others: (() => Promise<unknown>)[], named: () => Promise<unknown>][] = [
    ['created', [() => remove('created/other')], () => put('created/other.tar.gz')],
    ['put', [() => copyTo('put/other'), () => remove('put/other')], () => put('put/model.tar.gz')],
    ['copy', [() => put('copy/other')], () => copyTo('copy/other')],
    ['multipart', [() => put('multipart/other')], () => multipart('multipart/other')],
    ['removed', [() => put('removed/other')], () => remove('removed/other')],
    ['marker', [() => put('marker/other')], () => remove('marker/other')],
    ['tagged', [() => put('tagged/other')], () => tag('tagged/other')],
    ['suffix', [() => put('suffix/other.tar.gz')], () => put('anywhere/other.tgz')],
    ['prefix', [() => put('prefix/other.tar.gz')], () => put('prefix/deep/any')],
    ['both', [() => put('both/other.tar.gz'), () => put('both/deep/other.zip')], () => put('both/deep/er/a.tar.gz')],
    ['star', [() => put('star/x/model.tar.gz')], () => put('star/*/model.tar.gz')],
  ];

  test('only the named events, of keys with the prefix and the suffix, reconcile an endpoint', async () => {
    const nameOf = (entry: LogEntry) => String(entry.endpoint).slice('Endpoints/'.length);
    const before = stage.log.length;
    for (const [, others] of cases) for (const act of others) await act();
    // Events are delivered in order: when this one has arrived, so have all others.
    await stage.upload(Bucket, 'created/sign', 'v1');
    await stage.untilLog('"created" is reconciled', (entry) => nameOf(entry) === 'created', before);
    expect([...new Set(stage.log.slice(before).map(nameOf))]).toEqual(['created']);

    const from = stage.log.length;
    await Promise.all(cases.map(([, , act]) => act()));
    for (const [name] of cases) {
      await stage.untilLog(`"${name}" is reconciled`, (entry) => nameOf(entry) === name, from);
    }
  });
});
