import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { containedPath } from './contained-path.ts';

/** A file or folder that the stack's resources refer to by its content's hash. */
export interface AssemblyAsset {
  readonly hash: string;
  /** Absolute path, inside the assembly. */
  readonly path: string;
  /** `zip`: a folder that AWS would get as a zip archive; `file`: a file as it is. */
  readonly packaging: 'zip' | 'file';
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
  readonly artifacts?: Record<string, Artifact>;
}

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
  readonly files?: Record<string, { readonly source?: { readonly path?: string; readonly packaging?: string } }>;
}

/**
 * Reads the folder that `cdk synth` writes (`cdk.out`): its stacks in the order in which they can be deployed, those of stages too.
 * Throws when the folder is not a cloud assembly, when stacks depend on each other in a circle,
 * or when a path leaves the folder.
 */
export async function readCloudAssembly(folder: string): Promise<AssemblyStack[]> {
  const root = resolve(folder);
  return await readFolder(root, root, 0);
}

async function readFolder(root: string, folder: string, depth: number): Promise<AssemblyStack[]> {
  // CDK nests stages a few levels deep; a manifest that names its own folder must not recurse for ever.
  if (depth > 16) throw new Error(`The cloud assembly ${root} nests assemblies more than 16 levels deep.`);
  const manifest = await readJson<Manifest>(root, folder, 'manifest.json');
  const artifacts = new Map(Object.entries(manifest.artifacts ?? {}));
  const stacks: AssemblyStack[] = [];
  for (const id of inDependencyOrder(artifacts)) {
    const artifact = artifacts.get(id)!;
    if (artifact.type === 'aws:cloudformation:stack') {
      stacks.push(await readStack(root, folder, id, artifact, artifacts));
    } else if (artifact.type === 'cdk:cloud-assembly' && artifact.properties?.directoryName !== undefined) {
      const nested = await containedPath(root, folder, artifact.properties.directoryName);
      stacks.push(...(await readFolder(root, nested, depth + 1)));
    }
  }
  return stacks;
}

async function readStack(
  root: string,
  folder: string,
  id: string,
  artifact: Artifact,
  artifacts: ReadonlyMap<string, Artifact>,
): Promise<AssemblyStack> {
  const { templateFile, stackName, parameters, tags } = artifact.properties ?? {};
  if (templateFile === undefined)
    throw new Error(`The stack ${id} in ${join(folder, 'manifest.json')} names no template.`);
  const assets = new Map<string, AssemblyAsset>();
  for (const dependency of artifact.dependencies ?? []) {
    const manifest = artifacts.get(dependency);
    if (manifest?.type !== 'cdk:asset-manifest' || manifest.properties?.file === undefined) continue;
    for (const asset of await readAssets(root, folder, manifest.properties.file)) assets.set(asset.hash, asset);
  }
  return {
    id,
    stackName: stackName ?? id,
    template: await readJson(root, folder, templateFile),
    assets,
    parameters: parameters ?? {},
    tags: tags ?? {},
  };
}

async function readAssets(root: string, folder: string, file: string): Promise<AssemblyAsset[]> {
  const manifest = await readJson<AssetManifest>(root, folder, file);
  const assets: AssemblyAsset[] = [];
  for (const [hash, { source }] of Object.entries(manifest.files ?? {})) {
    // An asset without a path is made by a command at publishing time; nothing here can run it.
    if (source?.path === undefined) continue;
    assets.push({
      hash,
      path: await containedPath(root, folder, source.path),
      packaging: source.packaging === 'zip' ? 'zip' : 'file',
    });
  }
  return assets;
}

function inDependencyOrder(artifacts: ReadonlyMap<string, Artifact>): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string) => {
    if (done.has(id)) return;
    if (path.includes(id)) {
      throw new Error(`Artifacts depend on each other: ${[...path.slice(path.indexOf(id)), id].join(' → ')}.`);
    }
    path.push(id);
    for (const dependency of artifacts.get(id)?.dependencies ?? []) if (artifacts.has(dependency)) visit(dependency);
    path.pop();
    done.add(id);
    order.push(id);
  };
  for (const id of artifacts.keys()) visit(id);
  return order;
}

async function readJson<T>(root: string, folder: string, file: string): Promise<T> {
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
