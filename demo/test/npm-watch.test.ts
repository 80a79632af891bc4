import { describe, expect, test } from 'vitest';
import { systemProcesses, watchNpm } from '../npm-watch.ts';
import { VirtualClock } from './virtual-time.ts';

/** npm (100) runs a shell (200), which runs this process. */
function fakeProcesses(npm = 'npm run demo') {
  const parents = new Map([
    [process.pid, 200],
    [200, 100],
    [100, 50],
    [50, 1],
  ]);
  const commands = new Map([
    [200, 'sh -c node scripts/build.ts && node demo/demo.ts'],
    [100, npm],
    [50, '/bin/bash'],
  ]);
  const processes = {
    parentOf: (pid: number) => parents.get(pid),
    commandOf: (pid: number) => commands.get(pid) ?? '',
  };
  return { parents, processes };
}

function watch({ underNpm = true, npm }: { readonly underNpm?: boolean; readonly npm?: string } = {}) {
  const clock = new VirtualClock();
  const fake = fakeProcesses(npm);
  let gone = 0;
  const end = watchNpm(() => gone++, { clock, processes: fake.processes, underNpm });
  return { clock, ...fake, end, gone: () => gone };
}

describe('the watch on npm', () => {
  test.each(['npm run demo', 'node /usr/lib/node_modules/npm/bin/npm-cli.js run demo', '/usr/bin/pnpm demo'])(
    'calls once when the shell that %s started gets another parent',
    async (npm) => {
      const { clock, parents, gone } = watch({ npm });
      await clock.advance(5000);
      expect(gone()).toBe(0);
      parents.set(200, 1);
      await clock.advance(5000);
      expect(gone()).toBe(1);
    },
  );

  test('calls when the shell has ended', async () => {
    const { clock, parents, gone } = watch();
    parents.delete(200);
    await clock.advance(1000);
    expect(gone()).toBe(1);
  });

  test('ignores the processes above npm', async () => {
    const { clock, parents, gone } = watch();
    parents.delete(50);
    parents.set(100, 1);
    await clock.advance(5000);
    expect(gone()).toBe(0);
  });

  test('ends on request, and does nothing outside npm', async () => {
    const under = watch();
    under.end();
    expect(under.clock.nextAt()).toBeUndefined();
    expect(watch({ underNpm: false }).clock.nextAt()).toBeUndefined();
  });

  test('finds the parent of this process', () => {
    expect(systemProcesses.parentOf(process.pid)).toBe(process.ppid);
    expect(systemProcesses.parentOf(2 ** 30)).toBeUndefined();
    expect(systemProcesses.commandOf(process.pid)).toContain('node');
  });
});
