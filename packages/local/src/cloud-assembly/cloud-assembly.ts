import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { containedPath } from './contained-path.ts';

/** A file or folder to which the stack's resources refer by the hash of its content. */
export interface AssemblyAsset {
  readonly hash: string;
  /** Absolute path, inside the assembly. */
  readonly path: string;
  /** `zip`: a folder that is published as a zip archive; `file`: a file as it is. */
  readonly packaging: 'zip' | 'file';
  /** The objects as which the CDK publishes it. Their texts may contain placeholders such as `${AWS::AccountId}`. */
  readonly destinations: readonly AssetDestination[];
}

/** Where an asset is published. */
export interface AssetDestination {
  readonly bucketName: string;
  readonly objectKey: string;
}

/** One stack of a cloud assembly. */
export interface AssemblyStack {
  /** The artifact's id in the manifest. */
  readonly id: string;
  readonly stackName: string;
  readonly template: Record<string, unknown>;
  /** Asset hash → asset. */
  readonly assets: ReadonlyMap<string, AssemblyAsset>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly artifacts?: Artifacts;
  /** Values of an account that the app has looked up, and that are not in cdk.context.json. */
  readonly missing?: readonly { readonly key: string }[];
}

type Artifacts = Readonly<Record<string, Artifact>>;

interface Artifact {
  readonly type?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: {
    readonly file?: string;
    readonly directoryName?: string;
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly parameters?: Record<string, string>;
    readonly tags?: Record<string, string>;
  };
}

interface AssetManifest {
  readonly files?: Record<
    string,
    {
      readonly source?: { readonly path?: string; readonly packaging?: string };
      readonly destinations?: Record<string, AssetDestination>;
    }
  >;
}

/** The folder of a manifest. */
interface AssemblyFolder {
  /** The whole assembly, which no path may leave. */
  readonly root: string;
  readonly path: string;
  /** 0 for the assembly itself, 1 for its stages, and so on. */
  readonly depth: number;
}

/** CDK nests stages a few levels deep. The limit stops a manifest that names its own folder. */
const MAX_DEPTH = 16;

/**
 * Reads the folder that `cdk synth` writes (`cdk.out`): its stacks and those of its stages, in an order in which they
 * can be deployed. Throws when the folder is not a cloud assembly, when it lacks values of an AWS account, when stacks
 * depend on each other in a circle, or when a path leaves the folder.
 */
export async function readCloudAssembly(folder: string): Promise<AssemblyStack[]> {
  const root = resolve(folder);
  return await readFolder({ root, path: root, depth: 0 });
}

async function readFolder(folder: AssemblyFolder): Promise<AssemblyStack[]> {
  const { root, path, depth } = folder;
  if (depth > MAX_DEPTH) {
    throw new Error(`The cloud assembly ${root} nests assemblies more than ${MAX_DEPTH} levels deep.`);
  }
  const { artifacts = {}, missing = [] } = await readJsonFile<Manifest>(folder, 'manifest.json');
  if (missing.length > 0) {
    throw new Error(
      `The app looks up values of an AWS account that are not in its cdk.context.json: ${missing.map(({ key }) => key).join(', ')}. ` +
        'Run `cdk synth` with credentials for that account once, so that CDK records them.',
    );
  }
  const stacks: AssemblyStack[] = [];
  for (const [id, artifact] of inDependencyOrder(artifacts)) {
    if (artifact.type === 'aws:cloudformation:stack') {
      stacks.push(await readStack(folder, id, artifact, artifacts));
    } else if (artifact.type === 'cdk:cloud-assembly' && artifact.properties?.directoryName !== undefined) {
      const nested = await containedPath(root, path, artifact.properties.directoryName);
      stacks.push(...(await readFolder({ root, path: nested, depth: depth + 1 })));
    }
  }
  return stacks;
}

async function readStack(
  folder: AssemblyFolder,
  id: string,
  { properties = {}, dependencies = [] }: Artifact,
  artifacts: Artifacts,
): Promise<AssemblyStack> {
  const { templateFile, stackName = id, parameters = {}, tags = {} } = properties;
  if (templateFile === undefined) {
    throw new Error(`The stack ${id} in ${join(folder.path, 'manifest.json')} has no template.`);
  }
  const assets = new Map<string, AssemblyAsset>();
  for (const dependency of dependencies) {
    const manifest = artifacts[dependency];
    if (manifest?.type !== 'cdk:asset-manifest' || manifest.properties?.file === undefined) continue;
    for (const asset of await readAssets(folder, manifest.properties.file)) assets.set(asset.hash, asset);
  }
  return { id, stackName, template: await readJsonFile(folder, templateFile), assets, parameters, tags };
}

async function readAssets(folder: AssemblyFolder, file: string): Promise<AssemblyAsset[]> {
  const { files = {} } = await readJsonFile<AssetManifest>(folder, file);
  const assets: AssemblyAsset[] = [];
  for (const [hash, { source, destinations = {} }] of Object.entries(files)) {
    // An asset without a path is made by a command when it is published, which cannot run here.
    if (source?.path === undefined) continue;
    const path = await containedPath(folder.root, folder.path, source.path);
    const packaging = source.packaging === 'zip' ? 'zip' : 'file';
    assets.push({ hash, path, packaging, destinations: Object.values(destinations) });
  }
  return assets;
}

/** Each artifact after those that it depends on. Throws if they depend on each other in a circle. */
function inDependencyOrder(artifacts: Artifacts): Map<string, Artifact> {
  const ordered = new Map<string, Artifact>();
  const visit = (id: string, path: readonly string[]) => {
    const artifact = artifacts[id];
    if (!artifact || ordered.has(id)) return;
    if (path.includes(id)) {
      throw new Error(`Artifacts depend on each other: ${[...path.slice(path.indexOf(id)), id].join(' → ')}.`);
    }
    for (const dependency of artifact.dependencies ?? []) visit(dependency, [...path, id]);
    ordered.set(id, artifact);
  };
  for (const id of Object.keys(artifacts)) visit(id, []);
  return ordered;
}

async function readJsonFile<T>({ root, path: folder }: AssemblyFolder, file: string): Promise<T> {
  const path = await containedPath(root, folder, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${root} is not a complete cloud assembly: ${join(folder, file)} is missing.`, { cause: error });
  });
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Error(`${path} is not JSON.`, { cause });
  }
}
