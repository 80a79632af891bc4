/*
 * A separate process that outlives the process that started it, also after SIGKILL, and then kills every process group
 * that is still registered. Lines on stdin: `+<pid>` registers a group, `-<pid>` removes it. It imports nothing of this
 * package, so that it can run as a bare file.
 */

const groups = new Set<number>();
let rest = '';

// Ctrl-C and a closing terminal reach this process, too, but only the end of its input ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  // A line without its end can be a truncated pid, which is another process group.
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const pid = Number(line.slice(1));
    // 0 and 1 mean this process group and all processes.
    if (!Number.isSafeInteger(pid) || pid < 2) continue;
    if (line.startsWith('+')) groups.add(pid);
    else groups.delete(pid);
  }
});

const reap = () => {
  for (const pid of groups) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended already.
    }
  }
  process.exit(0);
};
process.stdin.on('end', reap);
process.stdin.on('error', reap);
