/** Polls `condition` until it holds; fails after `deadlineMs`. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Still not so after ${deadlineMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process exists and is not a zombie waiting to be collected. */
export async function isAlive(pid: number): Promise<boolean> {
  const { execFile } = await import('node:child_process');
  return await new Promise((resolve) => {
    execFile('ps', ['-o', 'stat=', '-p', String(pid)], (_error, stdout) => {
      const state = stdout.trim();
      resolve(state !== '' && !state.startsWith('Z'));
    });
  });
}
