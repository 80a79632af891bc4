/*
 * One upload and one download with the unmodified AWS SDK, in a process of its own.
 * Usage: transfer-client.ts <url> <bytes>; prints {"upload":MB/s,"download":MB/s}.
 */
import { Readable } from 'node:stream';
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

const [url = '', bytes = '0'] = process.argv.slice(2);
const size = Number(bytes);
const s3 = new S3Client({
  endpoint: url,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});
const object = { Bucket: `bench-${process.pid}`, Key: 'model' };

await s3.send(new CreateBucketCommand({ Bucket: object.Bucket }));

function* content(): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024, 'freshpoint ');
  for (let left = size; left > 0; left -= piece.length) yield left < piece.length ? piece.subarray(0, left) : piece;
}

const rate = (started: number) => size / 1e6 / ((performance.now() - started) / 1000);

let started = performance.now();
// As in the demo: parts of 8 MiB, four at once.
await new Upload({
  client: s3,
  params: { ...object, Body: Readable.from(content(), { objectMode: false }) },
  partSize: 8 * 1024 * 1024,
  queueSize: 4,
}).done();
const upload = rate(started);

started = performance.now();
const { Body } = await s3.send(new GetObjectCommand(object));
let read = 0;
for await (const chunk of Body as Readable) read += (chunk as Buffer).length;
if (read !== size) throw new Error(`Downloaded ${read} bytes of ${size}.`);
const download = rate(started);
// Many rounds would fill the disk.
await s3.send(new DeleteObjectCommand(object));
console.log(JSON.stringify({ upload, download }));
