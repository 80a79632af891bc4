/*
 * The revision of so many objects, by the engine's own adapter and the SDK's client.
 * Usage: revision-process.ts <url> <objects>; prints {"calls":n,"ms":n,"heapBytes":n}: what is alive after each page
 * at most.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { s3Sources } from '@freshpoint/engine/adapters/s3-sources';

const [url = '', count = '0'] = process.argv.slice(2);
const client = new S3Client({
  endpoint: url,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});
const collect = globalThis.gc ?? unexposed;
let calls = 0;
let heapBytes = 0;
let collecting = 0;
const counting = {
  async send(command: unknown) {
    calls += 1;
    const from = performance.now();
    collect();
    heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
    collecting += performance.now() - from;
    return await client.send(command as Parameters<typeof client.send>[0]);
  },
};
function unexposed(): never {
  throw new Error('Run with --expose-gc.');
}

const sources = s3Sources(counting);
const isTimeUp = () => false;
// Once before, so that the code is loaded.
await sources.observe([{ bucket: 'bench', prefix: '1/' }], { isTimeUp });
calls = 0;
heapBytes = 0;
collecting = 0;
const started = performance.now();
const view = await sources.observe([{ bucket: 'bench', prefix: `${count}/` }], { isTimeUp });
const ms = performance.now() - started - collecting;
if (view.kind !== 'complete' || view.objects !== Number(count)) throw new Error(`Got ${JSON.stringify(view)}.`);
console.log(JSON.stringify({ calls, ms, heapBytes }));
process.exit(0);
