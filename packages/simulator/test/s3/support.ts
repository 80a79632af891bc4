import { defaultAccount } from '../../src/core/account.ts';
import { AwsError } from '../../src/core/aws-error.ts';
import { type Caller, Cloud, type Permission, root } from '../../src/core/cloud.ts';
import { seededIds } from '../../src/core/ids.ts';
import type { PolicyHolder } from '../../src/core/policy-holder.ts';
import { VirtualClock } from '../../src/core/virtual-clock.ts';
import { createS3, MemoryBlobs, type S3Event } from '../../src/s3/index.ts';

const owner = root(defaultAccount);

/** Blobs in memory that count themselves. */
class CountedBlobs extends MemoryBlobs {
  count = 0;

  override async create(...given: Parameters<MemoryBlobs['create']>) {
    const sink = await super.create(...given);
    return {
      ...sink,
      commit: async () => {
        this.count += 1;
        return await sink.commit();
      },
    };
  }

  override async delete(blob: string) {
    this.count -= 1;
    await super.delete(blob);
  }
}

/** S3 in memory and virtual time. */
export function simulatedS3(iam?: PolicyHolder, account = defaultAccount) {
  const clock = new VirtualClock();
  const cloud = new Cloud();
  const blobs = new CountedBlobs();
  const events: S3Event[] = [];
  const s3 = createS3(
    { account, clock, ids: seededIds(1), cloud },
    { blobs, emit: (e) => events.push(e), ...(iam && { iam }) },
  );
  cloud.register(s3.service);
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of AWS's shapes
  const call = (operation: string, input: object, caller: Caller = owner): Promise<any> =>
    cloud.call('s3', operation, input, caller);
  return { clock, cloud, blobs, events, call, s3 };
}

/** The content of an object's body. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Lets a caller do only what `allowed` lists, as `action resource`. */
export function allowOnly(cloud: Cloud, allowed: string[]): { asked: Permission[]; caller: Caller } {
  const asked: Permission[] = [];
  cloud.authorizeWith((caller, permission) => {
    if (!caller.roleArn) return;
    asked.push(permission);
    if (!allowed.includes(`${permission.action} ${permission.resource}`)) {
      throw new AwsError('AccessDenied', `${permission.action} on ${permission.resource}`, 403);
    }
  });
  return { asked, caller: { arn: 'arn:aws:sts::0:assumed-role/r/s', roleArn: 'arn:aws:iam::0:role/r' } };
}
