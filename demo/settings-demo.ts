import { runProgram } from './demo-program.ts';
import { runSettingsDemo } from './run-settings-demo.ts';

const USAGE = `Usage: npm run demo:settings [-- --json]

Deploys the CDK app in examples/iris to a local runtime, then changed settings of it, while uploads refresh its endpoint.

  --json   one JSON object per line; the last one is the result
  --help   this text
`;

// Sockets that a client keeps open must not keep the demo alive.
process.exit(await runProgram(runSettingsDemo, USAGE));
