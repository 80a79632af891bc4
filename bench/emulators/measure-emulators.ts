import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRuntime } from '../local/runtime-server.ts';
import { cacheFolder } from '../support/cache.ts';
import { type Server, startServer } from '../support/child.ts';
import { compareInTurn } from '../support/in-turn.ts';
import { type Comparison, type Figure, figure } from '../support/statistics.ts';
import { installEmulators } from './python.ts';
import { type EmulatorName, startEmulator } from './start-emulator.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;

/** The local runtime compared with one other server, with boto3, in MB/s. */
export interface BotoTransfers {
  readonly upload: Comparison;
  readonly download: Comparison;
}

/** The local runtime beside emulators that Python users would pick, and beside a server that drops every byte. */
export interface EmulatorFigures {
  readonly MiB: number;
  readonly transfers: Readonly<Record<EmulatorName | 'bare', BotoTransfers>>;
  /** Highest resident memory of each server, in MB. */
  readonly peakMB: Readonly<Record<EmulatorName | 'ours', number>>;
  /** From the start of the process until it answers, in milliseconds. */
  readonly startMs: Readonly<Record<EmulatorName | 'ours', Figure>>;
}

/** What is uploaded and downloaded, and how often. */
export interface EmulatorSizes {
  readonly botoMiB: number;
  readonly botoTransfers: number;
}

/** Each other server in turn with the local runtime. */
export async function measureEmulators(
  compiled: string,
  { botoMiB: MiB, botoTransfers: rounds }: EmulatorSizes,
  say: (detail: string) => void,
): Promise<EmulatorFigures> {
  const bin = installEmulators();
  const start = {
    ours: () => startRuntime(compiled),
    ministack: () => startEmulator('ministack', bin),
    moto: () => startEmulator('moto', bin),
  };
  const startMs = {
    ours: await startTime(start.ours, rounds),
    ministack: await startTime(start.ministack, rounds),
    moto: await startTime(start.moto, rounds),
  };
  const servers = {
    ours: await start.ours(),
    ministack: await start.ministack(),
    moto: await start.moto(),
    bare: await startServer(new URL('../local/sink-process.ts', import.meta.url)),
  };
  const client = new BotoClient(bin, MiB);
  const compare = (name: EmulatorName | 'bare') =>
    compareInTurn(
      { ours: () => client.transfer(servers.ours), other: () => client.transfer(servers[name]) },
      { rounds, values: ['upload', 'download'], say: (detail) => say(`${name}, ${detail}`) },
    );
  try {
    const transfers = {
      ministack: await compare('ministack'),
      moto: await compare('moto'),
      bare: await compare('bare'),
    };
    const peak = async (server: Server) => (await server.peakRssBytes()) / 1e6;
    const peakMB = {
      ours: await peak(servers.ours),
      ministack: await peak(servers.ministack),
      moto: await peak(servers.moto),
    };
    return { MiB, transfers, peakMB, startMs };
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

async function startTime(start: () => Promise<Server>, rounds: number): Promise<Figure> {
  const samples: number[] = [];
  while (samples.length < rounds) {
    const started = performance.now();
    const server = await start();
    samples.push(performance.now() - started);
    await server.stop();
  }
  return figure(samples);
}

/** boto3 in a process of its own, with one file. */
class BotoClient {
  readonly #python: string;
  readonly #folder = cacheFolder('boto3');
  readonly #file = join(this.#folder, 'model');
  /** For the copy. On the disk of a virtual machine, about every other one waits for memory of the host. */
  readonly #copies = existsSync('/dev/shm') ? '/dev/shm' : this.#folder;

  constructor(bin: string, MiB: number) {
    this.#python = join(bin, 'python');
    const piece = Buffer.alloc(MIB, 'freshpoint ');
    const file = openSync(this.#file, 'w');
    for (let written = 0; written < MiB; written += 1) writeSync(file, piece);
    closeSync(file);
  }

  async transfer({ url }: Server): Promise<{ readonly upload: number; readonly download: number }> {
    const script = join(import.meta.dirname, 'transfer-client.py');
    const { stdout } = await run(this.#python, [script, url, this.#file, this.#copies]);
    return JSON.parse(stdout) as { upload: number; download: number };
  }
}
