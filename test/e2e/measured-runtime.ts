/** A local runtime in its own process: prints its URL, then its peak resident memory in bytes per line of stdin. */
import { createInterface } from 'node:readline';
import { startLocalRuntime } from '@freshpoint/local';

const runtime = await startLocalRuntime({ stateDir: process.argv[2] });
console.log(runtime.url);
const input = createInterface({ input: process.stdin });
input.on('line', () => console.log(process.resourceUsage().maxRSS * 1024));
input.on('close', () => runtime.stop());
