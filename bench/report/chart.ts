import type { Approach } from '../patterns/summary.ts';
import type { Comparison } from '../support/statistics.ts';
import { rounded, shareText } from './format.ts';
import type { Results } from './results.ts';

// All lengths of the chart are in pixels.
const WIDTH = 860;
const LEFT = 210;
const BAR_HEIGHT = 11;
const RATIO_BAR_HEIGHT = 18;
/** What 100 % of a ratio is drawn as. */
const RATIO_WIDTH = 300;
/** The share of lost uploads that fills the width, at least. */
const SMALLEST_SCALE = 0.1;

const APPROACHES: readonly { readonly key: Approach; readonly name: string; readonly style: string }[] = [
  { key: 'freshpoint', name: 'Freshpoint', style: 'ours' },
  { key: 'sleeping', name: 'sleeping function', style: 'sleeping' },
  { key: 'plain', name: 'plain function', style: 'plain' },
];

/**
 * Readable on light and on dark pages: nothing is painted behind it, and the greys that fit both are for viewers
 * without media queries.
 */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #768390 }
  .title { font-size: 15px; font-weight: 600 }
  .value { font-size: 12px }
  .ours { fill: #1f883d }
  .sleeping { fill: #bf8700 }
  .plain { fill: #cf222e }
  .other { fill: #afb8c1 }
  .axis { stroke: #afb8c1; stroke-width: 1 }
  @media (prefers-color-scheme: light) {
    text { fill: #57606a }
    .title { fill: #24292f }
  }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title { fill: #f0f6fc }
    .ours { fill: #3fb950 }
    .sleeping { fill: #d29922 }
    .plain { fill: #f85149 }
    .other, .axis { fill: #656c76; stroke: #656c76 }
  }
`;

/** One part of the chart and where it ends. */
interface Drawing {
  readonly elements: readonly string[];
  readonly bottom: number;
}

/** The chart of `docs/benchmarks.md`: uploads lost, and what Freshpoint's parts are compared with. */
export function chart(results: Results): string {
  const lost = uploadsLost(results, 24);
  const { elements, bottom } = ratios(results, lost.bottom);
  const label = 'Freshpoint compared: uploads lost, cold start, local runtime';
  const size = `viewBox="0 0 ${WIDTH} ${bottom}" width="${WIDTH}" height="${bottom}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${label}"><style>${STYLE}</style>
${[...lost.elements, ...elements].join('\n')}
</svg>
`;
}

function uploadsLost({ patterns }: Results, top: number): Drawing {
  const elements = [text(0, top, 'Newest upload never served', 'title'), ...legend(top)];
  const largest = Math.max(SMALLEST_SCALE, ...patterns.flatMap((row) => APPROACHES.map(({ key }) => row[key].lost)));
  const scale = (WIDTH - LEFT - 70) / largest;
  const from = top + 18;
  let y = from;
  for (const row of patterns) {
    elements.push(text(0, y + 21, row.pattern));
    for (const { key, style } of APPROACHES) {
      const { lost } = row[key];
      const width = Math.max(2, lost * scale);
      elements.push(
        `${bar(style, { y, width, height: BAR_HEIGHT })}/>`,
        text(LEFT + width + 6, y + BAR_HEIGHT - 1, shareText(lost), 'value'),
      );
      y += BAR_HEIGHT + 2;
    }
    y += 9;
  }
  elements.push(`<line class="axis" x1="${LEFT - 1}" y1="${from - 4}" x2="${LEFT - 1}" y2="${y - 6}"/>`);
  return { elements, bottom: y + 30 };
}

function legend(top: number): string[] {
  let x = LEFT + 60;
  return APPROACHES.flatMap(({ name, style }) => {
    const box = `<rect class="${style}" x="${x}" y="${top - 10}" width="10" height="10" rx="2"/>`;
    const label = text(x + 15, top, name);
    x += name.length * 7.5 + 40;
    return [box, label];
  });
}

function ratios({ bundle, transfers, invocations }: Results, top: number): Drawing {
  const rows = [
    ratioRow('cold start', bundle.decided, 'ms', 'with the SDK unbundled'),
    ratioRow('local upload', transfers.upload, 'MB/s', 'of a bare server'),
    ratioRow('local download', transfers.download, 'MB/s', 'of a bare server'),
    ratioRow('InvokeEndpoint', invocations.sdk, 'req/s', 'of the model asked directly'),
  ];
  const elements = [text(0, top, 'Ratios', 'title'), text(LEFT, top, 'the grey bar is what it is compared with')];
  let y = top + 18;
  for (const { name, share, value } of rows) {
    const width = share * RATIO_WIDTH;
    const beside = LEFT + Math.max(RATIO_WIDTH, width) + 10;
    const size = { y, height: RATIO_BAR_HEIGHT };
    elements.push(
      text(0, y + 14, name),
      `${bar('other', { ...size, width: RATIO_WIDTH })} opacity="0.45"/>`,
      `${bar('ours', { ...size, width })}/>`,
      text(beside, y + 14, value, 'value'),
    );
    y += RATIO_BAR_HEIGHT + 14;
  }
  return { elements, bottom: y + 6 };
}

function ratioRow(name: string, { ours, other, ratio }: Comparison, unit: string, whose: string) {
  const share = ratio.median;
  const value = `${Math.round(share * 100)} % · ${rounded(ours.median)} ${unit}, ${rounded(other.median)} ${whose}`;
  return { name, share, value };
}

interface BarSize {
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A bar, still open for further attributes. */
function bar(style: string, { y, width, height }: BarSize): string {
  return `<rect class="${style}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${height}" rx="2"`;
}

function text(x: number, y: number, content: string, style?: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${style ? ` class="${style}"` : ''}>${escaped}</text>`;
}
