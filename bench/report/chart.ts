import type { Results } from './results.ts';

const WIDTH = 860;
const LEFT = 210;
const BAR = 11;

/** Readable on light and on dark pages: nothing is painted behind it, and greys that fit both are for viewers without media queries. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #768390 }
  .title { font-size: 15px; font-weight: 600 }
  .value { font-size: 12px }
  .ours { fill: #1f883d }
  .sleeping { fill: #bf8700 }
  .plain { fill: #cf222e }
  .other { fill: #afb8c1 }
  .axis { stroke: #afb8c1; stroke-width: 1 }
  .target { stroke: #8250df; stroke-width: 2; stroke-dasharray: 4 3 }
  .target-text { fill: #8250df; font-size: 12px }
  @media (prefers-color-scheme: light) {
    text { fill: #57606a }
    .title { fill: #24292f }
    .target-text { fill: #8250df }
  }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 }
    .title { fill: #f0f6fc }
    .ours { fill: #3fb950 }
    .sleeping { fill: #d29922 }
    .plain { fill: #f85149 }
    .other, .axis { fill: #656c76; stroke: #656c76 }
    .target { stroke: #ab7df8 }
    .target-text { fill: #ab7df8 }
  }
`;

/** The chart of `docs/benchmarks.md`: uploads lost, and the ratios that have a target. */
export function chart(results: Results): string {
  const parts: string[] = [];
  const bottom = ratios(parts, results, uploadsLost(parts, results, 24));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom}" width="${WIDTH}" height="${bottom}" role="img" aria-label="Freshpoint compared: uploads lost, cold start, local runtime"><style>${STYLE}</style>
${parts.join('\n')}
</svg>
`;
}

/** Draws from `top` and returns where it ended. */
function uploadsLost(parts: string[], { patterns }: Results, top: number): number {
  const approaches = [
    { key: 'freshpoint', name: 'Freshpoint', style: 'ours' },
    { key: 'sleeping', name: 'sleeping function', style: 'sleeping' },
    { key: 'plain', name: 'plain function', style: 'plain' },
  ] as const;
  parts.push(text(0, top, 'Newest upload never served', 'title'));
  let x = LEFT + 60;
  for (const { name, style } of approaches) {
    parts.push(
      `<rect class="${style}" x="${x}" y="${top - 10}" width="10" height="10" rx="2"/>`,
      text(x + 15, top, name),
    );
    x += name.length * 7.5 + 40;
  }
  const largest = Math.max(0.1, ...patterns.flatMap((row) => approaches.map(({ key }) => row[key].lost)));
  const scale = (WIDTH - LEFT - 70) / largest;
  let y = top + 18;
  const from = y;
  for (const row of patterns) {
    parts.push(text(0, y + 21, row.pattern));
    for (const { key, style } of approaches) {
      const { lost } = row[key];
      const width = Math.max(2, lost * scale);
      parts.push(bar(style, LEFT, y, width), text(LEFT + width + 6, y + BAR - 1, percent(lost), 'value'));
      y += BAR + 2;
    }
    y += 9;
  }
  parts.push(`<line class="axis" x1="${LEFT - 1}" y1="${from - 4}" x2="${LEFT - 1}" y2="${y - 6}"/>`);
  return y + 30;
}

function ratios(parts: string[], { bundle, transfers, invocations }: Results, top: number): number {
  const { runtime, sink, runtimePeakMB } = transfers;
  const rate = (value: number) => Math.round(value).toLocaleString('en-US');
  const rows = [
    {
      name: 'cold start, bundled',
      share: bundle.ratio.decided.median,
      value: `${rate(bundle.bundle.decided.median)} of ${rate(bundle.unbundled.decided.median)} ms unbundled`,
      target: { share: 0.5, text: 'at most' },
    },
    {
      name: 'local upload, MB/s',
      share: transfers.ratio.upload.median,
      value: `${rate(runtime.upload.median)} of a bare server's ${rate(sink.upload.median)} MB/s, in ${rate(runtimePeakMB)} MB`,
      target: undefined,
    },
    {
      name: 'InvokeEndpoint, requests/s',
      share: invocations.sdk.ratio.median,
      value: `${rate(invocations.sdk.invokeEndpoint.median)} of ${rate(invocations.sdk.direct.median)} asked directly`,
      target: { share: 0.6, text: 'at least' },
    },
  ];
  parts.push(text(0, top, 'Ratios', 'title'), text(LEFT, top, 'the grey bar is what it is compared with'));
  const full = 300;
  let y = top + 18;
  for (const { name, share, value, target } of rows) {
    const width = share * full;
    const beside = LEFT + Math.max(full, width) + 10;
    parts.push(
      text(0, y + 14, name),
      `<rect class="other" opacity="0.45" x="${LEFT}" y="${y}" width="${full}" height="18" rx="2"/>`,
      `<rect class="ours" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="18" rx="2"/>`,
      text(beside, y + 14, `${percent(share)} · ${value}`, 'value'),
    );
    if (target) {
      const x = LEFT + target.share * full;
      parts.push(
        `<line class="target" x1="${x}" y1="${y - 3}" x2="${x}" y2="${y + 21}"/>`,
        text(x + 4, y + 32, `${target.text} ${percent(target.share)}`, 'target-text'),
      );
    }
    y += target ? 46 : 32;
  }
  return y + 6;
}

function bar(style: string, x: number, y: number, width: number): string {
  return `<rect class="${style}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`;
}

function text(x: number, y: number, content: string, style?: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${style ? ` class="${style}"` : ''}>${escaped}</text>`;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}
