import { proseOf } from './markdown.ts';

/*
 * A measured figure in a document names its value in bench/results.json:
 *
 *   The bundle starts in <!-- figure bundle.decided.ratio.median -->46 %<!-- /figure --> of the time.
 *
 * The path's parts are property names; `[20]` selects the row of a list whose first value is 20. `1/` before the path
 * gives the inverse: "2.2×". The text is a number with a unit: its decimals say how the value is rounded, `%` stands
 * for hundredths. A figure that is no measurement but a documented constant stands between `<!-- constant -->` and
 * `<!-- /constant -->`.
 */
const FIGURE = /<!-- figure (.+?) -->(.*?)<!-- \/figure -->/g;
const CONSTANT = /<!-- constant -->.*?<!-- \/constant -->/g;
const HALF_MARKER = /<!-- \/?(?:figure|constant)\b.*?-->/g;
const NUMBER = /\d[\d,]*(?:\.(\d+))?/;
const COUNT = String.raw`(?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|several)`;
/** What a measured figure is likely to look like. */
const UNMARKED = new RegExp(
  [
    String.raw`\$\d[\d,]*(?:\.\d+)?`,
    String.raw`\d[\d,.]*\s?(?:%|MB/s|ms\b|×|kB\b|req/s)`,
    String.raw`\b${COUNT} times (?:slower|faster|as|more|less|fewer|smaller|larger)\b`,
  ].join('|'),
  'g',
);

/** What is wrong with a document's figures, by line. */
export function figureProblems(document: string, results: unknown): string[] {
  return proseOf(document).flatMap((line, index) => {
    const prose = line.replace(/`[^`]*`/g, 'code');
    const marked = [...prose.matchAll(FIGURE)].flatMap(([, path = '', text = '']) => problemsOf(path, text, results));
    const rest = prose.replace(FIGURE, '').replace(CONSTANT, '');
    const unmarked = [...rest.matchAll(UNMARKED)].map(([text]) => `"${text}" names no value of bench/results.json`);
    const halves = [...rest.matchAll(HALF_MARKER)].map(([text]) => `${text} does not begin and end on this line`);
    return [...marked, ...unmarked, ...halves].map((problem) => `${index + 1}: ${problem}`);
  });
}

/** The document with every marked figure as the results have it. One that names no value stays. */
export function renewFigures(document: string, results: unknown): string {
  return document.replace(FIGURE, (marker: string, path: string, text: string) => {
    try {
      return `<!-- figure ${path} -->${renewed(path, text, results)}<!-- /figure -->`;
    } catch {
      return marker;
    }
  });
}

function problemsOf(path: string, text: string, results: unknown): string[] {
  try {
    const expected = renewed(path, text, results);
    return text === expected ? [] : [`${path} is ${expected}, not ${text}`];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The text with another number: the value at the path, rounded as the text is. */
function renewed(path: string, text: string, results: unknown): string {
  const value = valueAt(results, path);
  const [shown, decimals = ''] = NUMBER.exec(text) ?? [];
  if (shown === undefined) throw new Error(`${path}: "${text}" has no number`);
  const scaled = text.includes('%') ? value * 100 : value;
  const digits = { minimumFractionDigits: decimals.length, maximumFractionDigits: decimals.length };
  return text.replace(shown, scaled.toLocaleString('en-US', digits));
}

function valueAt(results: unknown, path: string): number {
  const isInverse = path.startsWith('1/');
  const steps = (isInverse ? path.slice(2) : path).matchAll(/\[([^\]]+)\]|([^.[\]]+)/g);
  let value = results;
  for (const [, row, property] of steps) {
    value = row === undefined ? propertyOf(value, property ?? '') : rowOf(value, row);
  }
  if (typeof value !== 'number') throw new Error(`${path} is no number in bench/results.json`);
  return isInverse ? 1 / value : value;
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function rowOf(value: unknown, first: string): unknown {
  if (!Array.isArray(value)) return undefined;
  return value.find(
    (row: unknown) => typeof row === 'object' && row !== null && String(Object.values(row)[0]) === first,
  );
}
