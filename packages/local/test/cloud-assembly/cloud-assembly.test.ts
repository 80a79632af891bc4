import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCloudAssembly } from '../../src/cloud-assembly/index.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function assembly(files: Record<string, unknown>): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'assembly-'));
  folders.push(parent);
  const folder = join(parent, 'cdk.out');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const stack = (id: string, dependencies: string[] = [], properties: object = {}) => ({
  [`${id}.assets`]: { type: 'cdk:asset-manifest', properties: { file: `${id}.assets.json` } },
  [id]: {
    type: 'aws:cloudformation:stack',
    properties: { templateFile: `${id}.template.json`, ...properties },
    dependencies: [...dependencies, `${id}.assets`],
  },
});

const files = (id: string, path = 'asset.abc') => ({
  [`${id}.template.json`]: { Resources: { [id]: {} } },
  [`${id}.assets.json`]: { files: { abc: { source: { path, packaging: 'zip' } } } },
});

describe('a cloud assembly', () => {
  it('that lacks values of an AWS account is refused', async () => {
    const missing = [{ key: 'vpc-provider:account=1', provider: 'vpc-provider', props: {} }];
    const folder = await assembly({ 'manifest.json': { artifacts: stack('A'), missing }, ...files('A') });
    await expect(readCloudAssembly(folder)).rejects.toThrow(
      /cdk\.context\.json: vpc-provider:account=1\. Run `cdk synth`/,
    );
  });

  it('has its stacks in dependency order, with template, name and assets', async () => {
    const folder = await assembly({
      'manifest.json': {
        artifacts: {
          ...stack('Second', ['First']),
          ...stack('First', [], { stackName: 'first-stack', tags: { a: 'b' } }),
        },
      },
      ...files('First'),
      ...files('Second'),
      'asset.abc/index.js': '',
    });
    const stacks = await readCloudAssembly(folder);
    expect(stacks.map(({ id, stackName }) => [id, stackName])).toEqual([
      ['First', 'first-stack'],
      ['Second', 'Second'],
    ]);
    expect(stacks[0]).toMatchObject({ template: { Resources: { First: {} } }, tags: { a: 'b' } });
    const asset = { hash: 'abc', path: join(folder, 'asset.abc'), packaging: 'zip', destinations: [] };
    expect(stacks[0]?.assets.get('abc')).toEqual(asset);
  });

  it('includes the stacks of stages, whose assets are in the parent folder', async () => {
    const nested = Object.fromEntries(
      Object.entries({
        'manifest.json': { artifacts: stack('Inner') },
        ...files('Inner', '../asset.abc'),
      }).map(([name, content]) => [`assembly-stage/${name}`, content]),
    );
    const folder = await assembly({
      'manifest.json': {
        artifacts: { stage: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-stage' } } },
      },
      'asset.abc/index.js': '',
      ...nested,
    });
    const [inner] = await readCloudAssembly(folder);
    expect(inner?.assets.get('abc')?.path).toBe(join(folder, 'asset.abc'));
  });

  it.each(['../outside', '../not-even-there', '/etc/passwd', 'link', 'asset.abc/../../outside'])(
    'refuses an asset outside of its folder: %s',
    async (path) => {
      const folder = await assembly({
        'manifest.json': { artifacts: stack('S') },
        ...files('S', path),
        'asset.abc/index.js': '',
      });
      await writeFile(join(folder, '..', 'outside'), '');
      await symlink(join(folder, '..', 'outside'), join(folder, 'link'));
      await expect(readCloudAssembly(folder)).rejects.toThrow('which is outside of its folder');
    },
  );

  it.each<[string, Record<string, unknown>, string]>([
    ['a folder that is none', {}, 'is missing'],
    [
      'a missing template',
      { 'manifest.json': { artifacts: stack('S') }, 'S.assets.json': {} },
      'S.template.json is missing',
    ],
    ['a broken manifest', { 'manifest.json': '{' }, 'is not JSON'],
    ['a circle', { 'manifest.json': { artifacts: { ...stack('A', ['B']), ...stack('B', ['A']) } } }, 'A → B → A'],
    [
      'an assembly that contains itself',
      { 'manifest.json': { artifacts: { x: { type: 'cdk:cloud-assembly', properties: { directoryName: '.' } } } } },
      'more than 16 levels',
    ],
  ])('refuses %s', async (_name, content, message) => {
    const folder = await assembly({ placeholder: '', ...content });
    await expect(readCloudAssembly(folder)).rejects.toThrow(message);
  });
});
