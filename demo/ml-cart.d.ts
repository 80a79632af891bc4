// ml-cart has no types of its own; this is the part that train.ts uses.
declare module 'ml-cart' {
  /** A node of a trained tree: it splits on a column, or it is a leaf with the distribution of the classes. */
  export type CartNode =
    | { splitColumn: number; splitValue: number; left: CartNode; right: CartNode }
    | { distribution: [number[]] };

  export class DecisionTreeClassifier {
    constructor(options: { gainFunction: 'gini'; maxDepth: number; minNumSamples: number });
    train(rows: number[][], labels: number[]): void;
    predict(rows: number[][]): number[];
    toJSON(): { root: CartNode };
  }
}
