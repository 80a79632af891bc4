import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';

/** Answers with the model's name and its container's setting. It does not start with the setting `broken`. */
const JAVASCRIPT = `import { readFileSync } from 'node:fs';
export const model_fn = (dir) => {
  const { name } = JSON.parse(readFileSync(dir + '/model.json', 'utf8'));
  if (name === 'broken' || process.env.SETTING === 'broken') throw new Error('cannot start');
  return { name, setting: process.env.SETTING };
};
export const predict_fn = (_, model) => model;
`;
/** The name alone, for containers whose SAGEMAKER_PROGRAM is in Python; without numpy, which their defaults need. */
const PYTHON = `import json

def model_fn(model_dir):
    with open(model_dir + "/model.json", encoding="utf-8") as file:
        return json.load(file)

def input_fn(body, content_type):
    return None

def predict_fn(data, model):
    return model

def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
`;

/** A model archive of a few hundred bytes. A container with the model `broken` never becomes healthy. */
export async function modelArchive(name: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'freshpoint-model-'));
  try {
    await mkdir(join(folder, 'code'));
    await writeFile(join(folder, 'model.json'), JSON.stringify({ name }));
    await writeFile(join(folder, 'code', 'inference.mjs'), JAVASCRIPT);
    await writeFile(join(folder, 'code', 'inference.py'), PYTHON);
    const file = join(folder, 'model.tar.gz');
    await create({ file, cwd: folder, gzip: true, portable: true }, ['model.json', 'code']);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
