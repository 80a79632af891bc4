import { runProgram } from './demo-program.ts';
import { runDemo } from './run-demo.ts';

const USAGE = `Usage: npm run demo [-- --json | --console]

Deploys the CDK app in examples/iris to the local runtime and refreshes its endpoint.

  --json      print one JSON object per line; the last one is the result
  --console   serve the console on the endpoint, and stay until Ctrl-C
  --help      print this text
`;

// Open sockets of a client must not keep the demo running.
process.exit(await runProgram(runDemo, USAGE));
