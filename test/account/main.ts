/*
 * The whole path on an AWS account, or on the local runtime, and what docs/fidelity.md calls unverified.
 * Usage: npm run e2e -- --help
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openAccount } from './account-session.ts';
import { answersFile, answersPage } from './answers.ts';
import { type CommandOptions, readOptions, USAGE, UsageError } from './command-options.ts';
import { deleteRun } from './delete-run.ts';
import { deleteCommand, EXIT_CODES, exitCodeOf, leftLines, summaryOf } from './exit.ts';
import { openLocalRuntime } from './local-session.ts';
import { planOf } from './plan.ts';
import { FIDELITY_PAGE, unverifiedLines } from './questionnaire.ts';
import { Refusal } from './refusal.ts';
import { runAll } from './run.ts';
import { type RunNames, runNames } from './run-names.ts';
import type { Session } from './session.ts';
import { sklearnImage } from './sklearn-image.ts';

const SUFFIX_BYTES = 4;

/** npm passes on each Ctrl-C that the terminal has sent to this process, too. */
const SAME_INTERRUPT_MS = 2_000;

/** Ends the run at the first Ctrl-C, and its deletion at the second. */
function interrupts() {
  const first = new AbortController();
  const second = new AbortController();
  let since = 0;
  const onSignal = () => {
    if (!first.signal.aborted) {
      since = performance.now();
      console.log('Interrupted: everything is deleted now. A second Ctrl-C ends that, too.');
      first.abort(new Error('It was interrupted.'));
    } else if (performance.now() - since > SAME_INTERRUPT_MS) second.abort(new Error('It was interrupted.'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return { interrupted: first.signal, abandon: second.signal };
}

/** Is aborted when the deadline is over. */
function deadlineOf(minutes: number): AbortSignal {
  const over = new AbortController();
  setTimeout(() => over.abort(new Error(`The deadline of ${minutes} minutes is over.`)), minutes * 60_000).unref();
  return over.signal;
}

const begin = performance.now();
function print(line: string): void {
  const seconds = Math.floor((performance.now() - begin) / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  console.log(`${clock.padStart(6)}  ${line}`);
}

async function isConfirmed({ prefix }: RunNames): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Refusal('There is no terminal to confirm on. Add --yes, if this may be made and paid for.');
  }
  process.stdout.write(`Make ${prefix}… in this account? Type yes: `);
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) {
    lines.close();
    return line.trim() === 'yes';
  }
  return false;
}

async function work(session: Session, options: CommandOptions): Promise<number> {
  const names = runNames(options.deleteSuffix ?? randomBytes(SUFFIX_BYTES).toString('hex'));
  if (options.deleteSuffix !== undefined) {
    const { clients, pace } = session;
    const { interrupted, abandon } = interrupts();
    const left = await deleteRun({ clients, pace, names, print, signal: AbortSignal.any([interrupted, abandon]) });
    for (const line of leftLines(left, names)) console.log(line);
    return left.length === 0 ? EXIT_CODES.success : EXIT_CODES.left;
  }
  if (options.account) {
    const { instanceType: type, deadlineMinutes } = options;
    for (const line of planOf(session, names, { type, deadlineMinutes })) console.log(line);
    console.log(`If this is killed: ${deleteCommand(names)}\n`);
    if (!options.yes && !(await isConfirmed(names))) throw new Refusal('Not confirmed. Nothing was made.');
  }
  const { interrupted, abandon } = interrupts();
  // Read before anything is made: a line without a marker is found now.
  const lines = unverifiedLines(await readFile(FIDELITY_PAGE, 'utf8'));
  const { instanceType } = options;
  const image = sklearnImage(session.region) ?? '';
  const signal = AbortSignal.any([interrupted, deadlineOf(options.deadlineMinutes)]);
  const end = await runAll({ session, names, image, instanceType, signal, print }, { abandon });
  const findings = { ...session, ...end, lines, date: new Date(), instanceType, image };
  for (const line of [...summaryOf(end), ...leftLines(end.left, names)]) console.log(line);
  const path = join(options.answers, answersFile(findings));
  await writeFile(path, answersPage(findings));
  console.log(`The answers are in ${path}`);
  return exitCodeOf(end, interrupted);
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(USAGE);
    return EXIT_CODES.success;
  }
  // Before anything is made that costs money.
  await mkdir(options.answers, { recursive: true }).catch((error: Error) => {
    throw new Refusal(`The folder ${options.answers} of the answers cannot be made: ${error.message}`);
  });
  const session = options.account ? await openAccount(process.env) : await openLocalRuntime();
  try {
    return await work(session, options);
  } finally {
    await session.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.refused;
}
