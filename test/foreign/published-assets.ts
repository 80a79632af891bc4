import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const run = promisify(execFile);
/** ministack looks for `index.js` only, where AWS's runtime finds `index.cjs`, too. */
const SHIM = "module.exports = require('./index.cjs');\n";

interface AssetManifest {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string; readonly packaging: string };
        readonly destinations: Readonly<Record<string, { readonly bucketName: string; readonly objectKey: string }>>;
      }
    >
  >;
}

/** Uploads a stack's assets to where the template names them, as `cdk deploy` does. `account` is `<id>-<region>`. */
export async function publishedAssets(s3: S3Client, assembly: string, stackName: string, account: string) {
  const manifest: AssetManifest = JSON.parse(await readFile(join(assembly, `${stackName}.assets.json`), 'utf8'));
  for (const { source, destinations } of Object.values(manifest.files)) {
    if (source.path.endsWith('.template.json')) continue;
    const path = join(assembly, source.path);
    const Body = source.packaging === 'zip' ? await zipped(path) : await readFile(path);
    for (const { bucketName, objectKey } of Object.values(destinations)) {
      const Bucket = bucketName.replace(/\$\{AWS::AccountId\}-\$\{AWS::Region\}/, account);
      await s3.send(new PutObjectCommand({ Bucket, Key: objectKey, Body }));
    }
  }
}

async function zipped(folder: string): Promise<Buffer> {
  const copy = await mkdtemp(join(tmpdir(), 'freshpoint-asset-'));
  try {
    await cp(folder, copy, { recursive: true });
    if (existsSync(join(copy, 'index.cjs'))) await writeFile(join(copy, 'index.js'), SHIM);
    await run('python3', ['-m', 'zipfile', '-c', 'asset.zip', '.'], { cwd: copy });
    return await readFile(join(copy, 'asset.zip'));
  } finally {
    await rm(copy, { recursive: true });
  }
}
