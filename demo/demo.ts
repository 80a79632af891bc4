import { runProgram } from './demo-program.ts';
import { runDemo } from './run-demo.ts';

const USAGE = `Usage: npm run demo [-- --json]

Deploys the CDK app in examples/iris to a local runtime and refreshes its endpoint.

  --json   one JSON object per line; the last one is the result
  --help   this text
`;

// Sockets that a client keeps open must not keep the demo alive.
process.exit(await runProgram(runDemo, USAGE));
