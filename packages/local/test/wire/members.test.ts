import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalRuntime, startLocalRuntime } from '../../src/runtime.ts';
import { type ApiName, apiModel } from '../../src/wire/api-models.ts';
import { MEMBERS_WITHOUT_EFFECT, REFUSED_MEMBERS } from '../../src/wire/unsupported-members.ts';

/** Of the services, and of the wire that S3 has of its own. */
const SOURCES = ['simulator', 'local'].map((name) => join(import.meta.dirname, `../../../${name}/src`));

let folder: string;
let runtime: LocalRuntime;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'members-'));
  runtime = await startLocalRuntime({ stateDir: join(folder, 'state') });
});
afterAll(async () => {
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Schema = NonNullable<ReturnType<Awaited<ReturnType<typeof apiModel>>['operations']['get']>>['input'];

/** Members of a structure, and those of structures within, as `Member` and `Member.Inner`. */
function membersOf(schema: Schema, isNested: (name: string) => boolean, seen = new Set<unknown>()): string[] {
  if (schema.isListSchema() || schema.isMapSchema()) return membersOf(schema.getValueSchema(), isNested, seen);
  if (!schema.isStructSchema() || seen.has(schema.getSchema())) return [];
  seen.add(schema.getSchema());
  return [...schema.structIterator()].flatMap(([name, member]) => [
    name,
    ...(isNested(name) ? membersOf(member, isNested, seen) : []),
  ]);
}

/** Read by a name that is put together, or stored as a part of a document that is returned as it came. */
const READ: Partial<Record<string, RegExp>> = {
  s3: /^Checksum(CRC32C|CRC64NVME|SHA1|SHA256)$/,
};
const STORED_WHOLE =
  /Configuration$|^(VpcConfig|DeadLetterConfig|LoggingConfig|ImageConfig|SnapStart|FileSystemConfigs|DestinationConfig|FilterCriteria|Code)$/;
/** Refused as a whole, by the ARN that they belong to. */
const OTHER_TARGETS = /^(Kinesis|RunCommand|Ecs|Batch|Http|RedshiftData|SageMakerPipeline|AppSync)Parameters$/;

describe('a member that a caller can send', () => {
  // SageMaker's resources are stored as they are given and described so.
  it.each(['cloudformation', 'events', 'iam', 'kms', 'lambda', 'logs', 's3', 'sqs', 'ssm', 'sts'] satisfies ApiName[])(
    'to %s is read, or refused, or known to have no effect',
    async (service) => {
      const files = SOURCES.flatMap((folder) => globSync(`${folder}/${service}/**/*.ts`));
      const text = files.map((path) => readFileSync(path, 'utf8'));
      const read = new Set(text.join('\n').match(/\w+/g));
      const known = new Set([...(REFUSED_MEMBERS[service] ?? []), ...(MEMBERS_WITHOUT_EFFECT[service] ?? [])]);
      const { operations } = await apiModel(service);
      const dropped = (runtime.cloud.operations()[service] ?? []).flatMap((name) => {
        const input = operations.get(name)?.input;
        const isNested = (member: string) =>
          !STORED_WHOLE.test(member) && !known.has(member) && !OTHER_TARGETS.test(member);
        return (input ? membersOf(input, isNested) : [])
          .filter(
            (member) =>
              !read.has(member) && !known.has(member) && !READ[service]?.test(member) && !OTHER_TARGETS.test(member),
          )
          .map((member) => `${name}.${member}`);
      });
      expect(dropped).toEqual([]);
    },
  );

  it('is refused by its name', async () => {
    const config = {
      endpoint: runtime.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      maxAttempts: 1,
    };
    await expect(new KMSClient(config).send(new CreateKeyCommand({ MultiRegion: true }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'The local runtime does not implement MultiRegion of kms:CreateKey.',
    });
    await new KMSClient(config).send(new CreateKeyCommand({ MultiRegion: false }));
    const put = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x', GrantRead: 'id=1' });
    await expect(new S3Client({ ...config, forcePathStyle: true }).send(put)).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'The local runtime does not implement GrantRead of s3:PutObject.',
    });
  });
});
