import { runProgram } from './demo-program.ts';
import { runSettingsDemo } from './run-settings-demo.ts';

const USAGE = `Usage: npm run demo:settings [-- --json | --console]

Deploys the CDK app in examples/iris to the local runtime, then deploys changed settings while uploads refresh its
endpoint.

  --json      print one JSON object per line; the last one is the result
  --console   serve the console on the endpoint, and stay until Ctrl-C
  --help      print this text
`;

// Open sockets of a client must not keep the demo running.
process.exit(await runProgram(runSettingsDemo, USAGE));
