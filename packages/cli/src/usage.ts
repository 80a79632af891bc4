/** Characters that `--reason` can have. */
export const MAX_REASON_CHARACTERS = 300;
/** Digits that a revision needs at least on the command line. */
export const MIN_REVISION_DIGITS = 4;

/** The text that `freshpoint --help` prints. */
export const USAGE = `Usage: freshpoint <command> [options]

See:
  status [<endpoint>]              What serves, what is on its way and what it waits for; without <endpoint>, of all
  explain <endpoint>               Why the newest upload does not serve, and the next step
  watch <endpoint>                 Print each change until the newest revision serves
  history [<endpoint>]             What happened, newest first; without <endpoint>, list the endpoints
  check <file…>                    Whether model archives can be loaded, before they are uploaded

Act:
  rollback <endpoint>              Return to an earlier revision, and wait until it serves
  suspend <endpoint>               No swaps until resumed
  resume <endpoint>                End a suspension
  retry <endpoint> [<revision>]    Take a revision out of quarantine, or end the pause before its next attempt; without
                                   <revision>, the one that failed last
  refresh <endpoint>               Start a pass of the controller now
  redrive <endpoint>               Move dead letters back to the work queue

Run:
  console                          Serve all of the above but check as a page on 127.0.0.1, until Ctrl-C
  local                            Run the CDK app of this folder, or a cloud assembly, on this machine, on one port of
                                   127.0.0.1, until Ctrl-C; needs the package @freshpoint/local

An endpoint is <stack>/<id of the construct>, the id of the construct alone, or the name of the SageMaker endpoint.

Options of rollback, suspend, resume, retry and refresh:
  --reason <text>                  Reason to record in the history, at most ${MAX_REASON_CHARACTERS} characters

Options of rollback:
  --to <revision>                  Revision of the history, by its first digits, at least ${MIN_REVISION_DIGITS}
                                   (default: the revision that was uploaded before the one that serves)
  --no-wait                        Do not wait until the revision serves

Options of refresh:
  --force                          Roll the newest upload out again, although it serves or another one is pinned

Options of console:
  --port <number>                  Port on 127.0.0.1; 0 selects a free one (default: 4581)

Options of local:
  --assembly <folder>              Cloud assembly to deploy, as \`cdk synth\` writes it (default: what the \`app\` command
                                   of the cdk.json in this folder synthesizes, or else nothing)
  --empty                          Deploy nothing, also in the folder of a CDK app
  --watch                          Deploy again when a file of the app changes
  --stack <name>                   Deploy only this stack; can be repeated (default: all stacks)
  --port <number>                  Port on 127.0.0.1; 0 selects a free one (default: 4580)
  --state <folder>                 Folder for objects and running models (default: .freshpoint/local)
  --persist <folder>               Keep all state in this folder, and start with what is there (default: start empty)
  --write-env <file>               Write the variables for AWS clients to a file
  --times fast|realistic           How long SageMaker's operations take (default: fast)
  --container <image>=<command>    Command that stands in for a container image; can be repeated

Options of all commands but check and local, as the AWS CLI has them:
  --profile <name>                 Profile of the credentials (default: AWS_PROFILE)
  --region <name>                  Region (default: AWS_REGION, AWS_DEFAULT_REGION, or that of the profile)

Options of all commands:
  --json                           Print one JSON object per line
  -h, --help                       Print this help
  --version                        Print the version

AWS_ENDPOINT_URL, NO_COLOR, FORCE_COLOR and COLUMNS are respected.

Exit codes:
  0                                Success
  1                                The command failed, the revision was refused, or the rollback was superseded
  2                                The command line or the value of an option is invalid
  3                                Attention is needed: status and watch found an endpoint that is stalled, whose newest
                                   upload is in quarantine, or that is gone; check found an archive that is refused
  4                                The port, or the folder of --persist, is used by another process
`;
