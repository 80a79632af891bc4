/** Run by a test that kills it with SIGKILL: starts three children and prints their pids. */
import { createProcessHost } from '../../src/processes/index.ts';

const host = createProcessHost();
const scripts = [
  'setInterval(() => {}, 1000); console.log("up")',
  'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
  // The busy loop is in a grandchild: the whole group has to go.
  `const { spawn } = require("node:child_process");
   const busy = spawn(process.execPath, ["-e", "console.log('busy'); for (;;);"]);
   busy.stdout.once("data", () => console.log("up " + busy.pid));`,
];
const pids = await Promise.all(
  scripts.map(
    (script) =>
      new Promise<number[]>((resolve) => {
        const child = host.spawn({
          command: process.execPath,
          args: ['-e', script],
          onLine: (line) => resolve([child.pid ?? 0, ...line.split(' ').slice(1).map(Number)]),
        });
      }),
  ),
);
console.log(JSON.stringify(pids.flat()));
setInterval(() => undefined, 1_000);
