// Part of each model.tar.gz, as code/inference.mjs next to model.json. It answers as inference.py does, and runs on the
// local runtime where SAGEMAKER_PROGRAM names it: the demo needs no Python. It needs no packages from npm.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Loads the model when the container starts. With an unreadable file, the container never becomes healthy. */
export async function model_fn(modelDir) {
  return JSON.parse(await readFile(join(modelDir, process.env.MODEL_FILE ?? 'model.json'), 'utf8'));
}

/** text/csv: one row per line. application/json: an array of rows, or {"instances": rows}. */
export function input_fn(body, contentType = 'text/csv') {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const rows = contentType.startsWith('application/json') ? fromJson(JSON.parse(text)) : fromCsv(text);
  for (const row of rows) {
    if (row.length !== 4 || !row.every(Number.isFinite)) throw new TypeError(`Expected rows of 4 numbers, got ${row}`);
  }
  return rows;
}

/** The species of each row. */
export function predict_fn(rows, model) {
  return { predictions: rows.map((row) => decide(model.tree, row)), model: model.name };
}

/** {"predictions": ["setosa", …], "model": "v1"} */
export function output_fn(prediction) {
  return JSON.stringify(prediction);
}

function decide(node, row) {
  if (node.species !== undefined) return node.species;
  return decide(row[node.feature] < node.below ? node.yes : node.no, row);
}

function fromJson(value) {
  const rows = Array.isArray(value) ? value : value?.instances;
  if (!Array.isArray(rows) || !rows.every(Array.isArray)) throw new TypeError('Expected an array of rows');
  return rows;
}

function fromCsv(text) {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell))));
}
