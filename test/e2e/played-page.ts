import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from './command-line.ts';
import type { PublishedEvent } from './situations.ts';

/*
 * A page whose commands are run in their order, each situation after what a program does to bring it about:
 *
 *   <!-- situation: refused -->
 *   a `sh` block with `npx freshpoint` commands, and a block without a language for what they print
 *
 * A block of commands that no such block follows is run, and what it prints is not shown.
 */

/** A situation and what is typed in it. */
export interface Situation {
  readonly name: string;
  readonly blocks: readonly CommandBlock[];
}

/** The commands of a block, without `npx freshpoint`. */
export interface CommandBlock {
  readonly commands: readonly (readonly string[])[];
  /** What the page shows. Absent: nothing. */
  readonly shown?: string;
}

/** A block of commands, and the block of their output if that is what follows. */
const COMMANDS = /```sh\n((?:npx freshpoint .*\n)+)```\n(\n```\n([\s\S]*?)```\n)?/g;
const EVENT = /(```json\n)([\s\S]*?)(```\n)/;
const WORD = /'([^']*)'|(\S+)/g;
/** Columns of what a page shows. */
const COLUMNS = 110;
/** The person of the pages, whoever runs them. */
const PERSON = 'ada';
/** What these print between their first and last line depends on when they poll. */
const LAST_LINE_COUNTS = new Set(['watch', 'rollback']);

/** Runs a command. */
export type RunCommand = (args: readonly string[], environment: NodeJS.ProcessEnv) => Promise<CommandResult>;

/** A page of docs/. */
export class PlayedPage {
  readonly #path: string;
  #text: string;

  constructor(name: string) {
    this.#path = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
    this.#text = readFileSync(this.#path, 'utf8');
  }

  get text(): string {
    return this.#text;
  }

  get situations(): Situation[] {
    const [, ...parts] = this.#text.split(/<!-- situation: (.+?) -->\n/);
    return parts.flatMap((name, index) =>
      index % 2 === 0 ? [{ name, blocks: blocksOf(parts[index + 1] ?? '') }] : [],
    );
  }

  /** Shows another output of a block. */
  show({ commands, shown }: CommandBlock, output: string): void {
    const typed = commands.map((words) => `npx freshpoint ${words.map(quoted).join(' ')}\n`).join('');
    const block = (text: string | undefined) => `\`\`\`sh\n${typed}\`\`\`\n\n\`\`\`\n${text}\`\`\`\n`;
    if (!this.#text.includes(block(shown))) throw new Error(`The page has no such block:\n${block(shown)}`);
    this.#text = this.#text.replace(block(shown), () => block(output));
  }

  /** An event as a rule sees it, in the block of JSON. */
  get exampleEvent(): { readonly 'detail-type': string; readonly detail: object } {
    return JSON.parse(EVENT.exec(this.#text)?.[2] ?? '{}');
  }

  /** Shows the first refusal of these events. */
  showEvent(events: readonly PublishedEvent[]): void {
    const { detailType, detail } = events.find(({ detail: { fault } }) => fault === 'revision') ?? {};
    const event = { source: 'freshpoint', 'detail-type': detailType, detail };
    this.#text = this.#text.replace(
      EVENT,
      (_, open, __, close) => `${open}${JSON.stringify(event, null, 2)}\n${close}`,
    );
  }

  /** The queries of CloudWatch Logs Insights. */
  get queries(): string[] {
    return [...this.#text.matchAll(/```\n((?:fields|filter) [\s\S]*?)```/g)].map(([, query = '']) => query);
  }

  write(): void {
    writeFileSync(this.#path, this.#text);
  }
}

/** What the commands of a block print, as a page shows it. */
export async function printedBy({ commands }: CommandBlock, run: RunCommand): Promise<string> {
  let printed = '';
  for (const words of commands) {
    const { out, error } = await run(words, { COLUMNS: String(COLUMNS) });
    printed += out + error;
  }
  const { username } = userInfo();
  return printed
    .replaceAll(new RegExp(`\\b${username}( +)(?= )`, 'g'), (_, gap) => PERSON.padEnd(username.length + gap.length))
    .replaceAll(new RegExp(`\\b${username}\\b`, 'g'), PERSON);
}

/** Compares texts of two runs: times and ids may differ, but equal revisions have to be in the same places. */
export class RunComparison {
  readonly #revisions = new Map<string, string>();

  /** The text of a block without what differs between two runs. */
  comparable(text: string, { commands }: CommandBlock): string {
    const isWatched = commands.some(([verb = '']) => LAST_LINE_COUNTS.has(verb));
    const counted = isWatched ? (text.trimEnd().split('\n').at(-1) ?? '') : text;
    return (
      counted
        .replaceAll(/\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\b\d+ s\b/g, '#')
        .replaceAll(/\b[0-9a-f]{12}\b/g, (revision) => this.#labelOf(revision))
        .replaceAll(/\biris-[0-9a-f]{8}\b/g, 'iris-#')
        .replaceAll(/(iris-models|Iris-FreshpointRefresher)[\w-]+/g, '$1#')
        .replaceAll(/\s+/g, ' ')
        .trim()
        // One line for each dead letter, of which there can be more on a busy machine.
        .replace(/^(.+?)(?: \1)+$/, '$1')
    );
  }

  #labelOf(revision: string): string {
    const label = this.#revisions.get(revision) ?? `revision ${this.#revisions.size + 1}`;
    this.#revisions.set(revision, label);
    return label;
  }
}

/** The rows of each table below a heading, without its head. */
export function tablesOf(page: string, heading: string): string[][][] {
  const [, rest = ''] = page.split(`${heading}\n`);
  const [section = ''] = rest.split('\n## ');
  return [...section.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

function blocksOf(text: string): CommandBlock[] {
  return [...text.matchAll(COMMANDS)].map(([, typed = '', , shown]) => ({
    commands: typed
      .trimEnd()
      .split('\n')
      .map((line) => [...line.matchAll(WORD)].map(([, quote, word]) => quote ?? word ?? '').slice(2)),
    shown,
  }));
}

function quoted(word: string): string {
  return /[^\w./-]/.test(word) ? `'${word}'` : word;
}
