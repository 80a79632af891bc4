import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';

// What a container needs and no more: it answers with the model's name, or with an error if it is called `throws`.
const INFERENCE = `import { readFileSync } from 'node:fs';
export const model_fn = (dir) => JSON.parse(readFileSync(dir + '/model.json', 'utf8'));
export const predict_fn = (_, model) => {
  if (model.name === 'throws') throw new Error('no such column');
  return model;
};
`;

/** Writes a model archive of a few hundred bytes into `directory`; a broken one never gets healthy. Returns its path. */
export async function writeTinyModel(directory: string, name: string, broken = false): Promise<string> {
  const content = await mkdtemp(join(directory, `${name}-`));
  await mkdir(join(content, 'code'));
  const model = JSON.stringify({ name });
  await writeFile(join(content, 'model.json'), broken ? model.slice(0, -2) : model);
  await writeFile(join(content, 'code', 'inference.mjs'), INFERENCE);
  const path = join(directory, `${name}.tar.gz`);
  await create({ file: path, cwd: content, gzip: true, portable: true }, ['model.json', 'code']);
  await rm(content, { recursive: true });
  return path;
}
