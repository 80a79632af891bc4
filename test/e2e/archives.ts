import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';

// The smallest model server, in both languages: it answers with the model's name, after that of the model whose answer
// it is sent, if it is in a pipeline. A model called `throws` answers with an error, one called `wrong` wrongly.
const JAVASCRIPT = `import { readFileSync } from 'node:fs';
export const model_fn = (dir) => JSON.parse(readFileSync(dir + '/model.json', 'utf8'));
export const predict_fn = (input, model) => {
  if (model.name === 'throws') throw new Error('no such column');
  return { ...model, name: [input?.name ?? [], model.name].flat().join(' ') };
};
`;
const PYTHON = `import json

def model_fn(model_dir):
    with open(model_dir + "/model.json", encoding="utf-8") as file:
        return json.load(file)

def input_fn(body, content_type):
    return json.loads(body) if content_type == "application/json" else None

def predict_fn(data, model):
    if model["name"] == "throws":
        raise ValueError("no such column")
    before = [data["name"]] if isinstance(data, dict) else []
    species = "virginica" if model["name"] == "wrong" else "setosa"
    return {"name": " ".join([*before, model["name"]]), "predictions": [species]}

def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
`;

/** Writes a model archive of less than a kilobyte into `directory`. Returns its path. */
export function writeTinyModel(directory: string, name: string): Promise<string> {
  return writeModel(directory, name, JSON.stringify({ name }));
}

/** Like `writeTinyModel`, but a container with this model never becomes healthy. */
export function writeBrokenModel(directory: string, name: string): Promise<string> {
  return writeModel(directory, name, JSON.stringify({ name }).slice(0, -2));
}

async function writeModel(directory: string, name: string, model: string): Promise<string> {
  const content = await mkdtemp(join(directory, `${name}-`));
  await mkdir(join(content, 'code'));
  await writeFile(join(content, 'model.json'), model);
  await writeFile(join(content, 'code', 'inference.mjs'), JAVASCRIPT);
  await writeFile(join(content, 'code', 'inference.py'), PYTHON);
  const path = join(directory, `${name}.tar.gz`);
  await create({ file: path, cwd: content, gzip: true, portable: true }, ['model.json', 'code']);
  await rm(content, { recursive: true });
  return path;
}
