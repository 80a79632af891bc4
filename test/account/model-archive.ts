import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { pax, type RawEntry, tarGz, tarOf } from '@freshpoint/test-support/tar-builder';
import { SCIKIT_LEARN_ENVIRONMENT } from '@freshpoint-examples/shared/scikit-learn-image';

const INFERENCE = readFileSync(fileURLToPath(new URL('model/code/inference.py', import.meta.url)));

/** The environment with which AWS's scikit-learn container serves the archive. */
export const CONTAINER_ENVIRONMENT = {
  ...SCIKIT_LEARN_ENVIRONMENT,
  // Longer than SageMaker waits: its timeout is what a probe asks about, not the container's.
  SAGEMAKER_MODEL_SERVER_TIMEOUT: '120',
} as const;

/** The name of a model that does not load. */
export const BROKEN = 'broken';

const entriesOf = (name: string): RawEntry[] => [
  { path: 'model.json', body: JSON.stringify({ name }) },
  { path: 'code/', type: '5', mode: 0o755 },
  { path: 'code/inference.py', body: INFERENCE },
];

/** An archive whose model answers with its name. */
export function namedModel(name: string): Buffer {
  return tarGz(...entriesOf(name));
}

/** An archive, and the SHA-256 of each file that it must be extracted to. */
export interface UnusualArchive {
  readonly bytes: Buffer;
  readonly digests: Readonly<Record<string, string>>;
}

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

const HOLE_BYTES = 1024 ** 2;
const SPARSE_TAIL = 'after the hole';

/** A sparse file, a hard link and two entries at one path, in several gzip members. */
export function unusualModel(name: string): UnusualArchive {
  const size = HOLE_BYTES + SPARSE_TAIL.length;
  const map = `1\n${HOLE_BYTES}\n${SPARSE_TAIL.length}\n`;
  const tar = tarOf(
    ...entriesOf(name),
    pax({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 'sparse',
      'GNU.sparse.realsize': `${size}`,
    }),
    {
      path: 'GNUSparseFile.0/sparse',
      body: Buffer.concat([Buffer.alloc(512).fill(map, 0, map.length), Buffer.from(SPARSE_TAIL)]),
    },
    { path: 'linked', body: 'one file' },
    { path: 'link', type: '1', link: 'linked' },
    { path: 'twice', body: 'the earlier' },
    { path: 'twice', body: 'the later' },
  );
  const middle = Math.floor(tar.length / 2);
  return {
    bytes: Buffer.concat([gzipSync(tar.subarray(0, middle)), gzipSync(tar.subarray(middle))]),
    digests: {
      sparse: sha256(Buffer.concat([Buffer.alloc(HOLE_BYTES), Buffer.from(SPARSE_TAIL)])),
      link: sha256('one file'),
      twice: sha256('the later'),
    },
  };
}

/** A symbolic link within the folder. */
export function symlinkModel(name: string): UnusualArchive {
  const linked: RawEntry[] = [
    { path: 'linked', body: 'one file' },
    { path: 'link', type: '2', link: 'linked' },
  ];
  return { bytes: tarGz(...entriesOf(name), ...linked), digests: { link: sha256('one file') } };
}
