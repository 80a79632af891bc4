import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@freshpoint/test-support/free-port';
import { ROOT_CREDENTIALS } from './clients.ts';
import { environmentOf } from './tools.ts';

/** A safety net for a busy machine. */
const START_TIMEOUT_MS = 120_000;
const HEALTH_INTERVAL_MS = 100;
const SHOWN_CHARACTERS = 4000;

/** ministack in a process of its own, with IAM enforced, and SageMaker from elsewhere. */
export class Emulator {
  readonly url: string;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #output = '';

  private constructor(url: string, child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.url = url;
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** `folder` is made, and holds all its files. */
  static async start(folder: string, sagemakerUrl: string): Promise<Emulator> {
    const bin = join(environmentOf('ministack'), 'bin');
    const port = await freePort();
    await mkdir(folder);
    const child = spawn(join(bin, 'python'), [join(import.meta.dirname, 'emulator', 'serve.py')], {
      cwd: folder,
      // A process group of its own, with the functions: serve.py ends the group when its standard input ends.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        // Functions run on the Python and the Node that come first.
        PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: folder,
        TMPDIR: folder,
        SAGEMAKER_URL: sagemakerUrl,
        GATEWAY_PORT: String(port),
        BIND_HOST: '127.0.0.1',
        MINISTACK_HOST: '127.0.0.1',
        AUTH: 'true',
        AWS_ACCESS_KEY_ID: ROOT_CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: ROOT_CREDENTIALS.secretAccessKey,
      },
    });
    const emulator = new Emulator(`http://127.0.0.1:${port}`, child);
    await emulator.#untilReady();
    return emulator;
  }

  /** Everything that it and its functions have printed. */
  get output(): string {
    return this.#output;
  }

  /** The newest output, for error messages. */
  tail(): string {
    return `ministack's last output:\n${this.#output.slice(-SHOWN_CHARACTERS)}`;
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode, stdin } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    stdin.end();
    await exit;
  }

  async #untilReady(): Promise<void> {
    const end = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < end && this.#process.exitCode === null) {
      const response = await fetch(`${this.url}/_ministack/health`).catch(() => undefined);
      if (response?.ok) return;
      await pause(HEALTH_INTERVAL_MS);
    }
    throw new Error(`ministack did not start. ${this.tail()}`);
  }
}
