/** A fenced code block. */
export interface CodeBlock {
  readonly text: string;
  /** Of its first line of code in the document, from 1. */
  readonly line: number;
}

/** The fenced blocks of a language, e.g. `ts` or `sh`, in their order. */
export function codeBlocks(document: string, language: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of document.split('\n').entries()) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (!fence) {
      open?.lines.push(line);
    } else if (open) {
      if (open.language === language) blocks.push({ text: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else {
      open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    }
  }
  return blocks;
}

/** The document's lines; those of fenced blocks are empty. */
export function proseOf(document: string): string[] {
  let fenced = false;
  return document.split('\n').map((line) => {
    if (/^```/.test(line)) fenced = !fenced;
    else if (!fenced) return line;
    return '';
  });
}

/** The targets of all links and images in the prose. */
export function linksOf(document: string): string[] {
  // Code within the prose is no link, though a link's text may be code.
  const prose = proseOf(document).map((line) => line.replace(/`[^`]*`/g, 'code'));
  return [...prose.join('\n').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** Lines that look like rows but belong to no table: one begins with a head and a line of dashes. */
export function looseRows(document: string): string[] {
  const prose = proseOf(document);
  const isRow = (line: string | undefined) => line?.startsWith('|') === true;
  return prose.filter((line, index) => {
    const isHead = /^\|[\s:|-]+\|\s*$/.test(prose[index + 1] ?? '');
    return isRow(line) && !isRow(prose[index - 1]) && !isHead;
  });
}

/** The anchors that headings get on GitHub. */
export function anchorsOf(document: string): string[] {
  const seen = new Map<string, number>();
  return proseOf(document).flatMap((line) => {
    const heading = /^#{1,6} +(.+?) *#*$/.exec(line)?.[1];
    if (heading === undefined) return [];
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return [count === 0 ? anchor : `${anchor}-${count}`];
  });
}
