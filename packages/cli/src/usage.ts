/** Characters that `--reason` can have. */
export const MAX_REASON_CHARACTERS = 300;
/** Digits that a revision needs at least on the command line. */
export const MIN_REVISION_DIGITS = 4;

/** The text that `freshpoint --help` prints. */
export const USAGE = `Usage: freshpoint <command> [options]

Commands:
  freshpoint local                 Run a cloud assembly on this machine, on one port of 127.0.0.1, until Ctrl-C
  freshpoint history [<endpoint>]  List the refreshes of an endpoint, newest first; without <endpoint>, all endpoints
  freshpoint rollback <endpoint>   Return an endpoint to an earlier revision, and wait until it serves
  freshpoint retry <endpoint> [<revision>]
                                   Take a revision out of quarantine, or end the pause before its next attempt;
                                   without <revision>, the one that was quarantined last

An endpoint is <stack>/<id of the construct>. history, rollback and retry use AWS_REGION, AWS_ENDPOINT_URL and
credentials as the AWS CLI does.

Options of local:
  --assembly <folder>              Cloud assembly to deploy, as \`cdk synth\` writes it (default: start empty)
  --stack <name>                   Deploy only this stack; can be repeated (default: all stacks)
  --port <number>                  Port on 127.0.0.1; 0 selects a free one (default: 4580)
  --state <folder>                 Folder for objects and running models (default: .freshpoint/local)
  --times fast|realistic           How long SageMaker's operations take (default: fast)
  --container <image>=<command>    Command that stands in for a container image; can be repeated

Options of rollback:
  --to <revision>                  Revision of the history, by its first digits, at least ${MIN_REVISION_DIGITS}
                                   (default: the revision that was uploaded before the one that serves)
  --reason <text>                  Reason to record with the pin, at most ${MAX_REASON_CHARACTERS} characters
  --no-wait                        Do not wait until the revision serves

Options of all commands:
  --json                           Print one JSON object per line
  -h, --help                       Print this help
  --version                        Print the version

Exit codes:
  0                                Success
  1                                The command failed, the revision was refused, or the rollback was superseded
  2                                The command line or the value of an option is invalid
`;
