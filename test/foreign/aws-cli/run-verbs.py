"""Runs everyday commands of the AWS CLI, which is installed for this Python, in one process, in a folder of its own.

Usage: run-verbs.py <verbs.txt>; the working folder has the files that the commands name.

A line is a command, without `aws`, and after ` ~ ` a regular expression that its output must match. `$name = command`
keeps the output, as text, for the lines that follow; `$now` is the time. `cat <file>` and `get <URL>` show what a
command has made. A command must end with status 0, and one after `! ` with the runtime's refusal. `v2: ` is for version
2 only. `until: ` repeats a command until it has no problem; the CLI's own waiters pause for up to 30 seconds. Prints a
JSON array of {verb, problem?}.
"""

import json
import os
import re
import shlex
import sys
import tempfile
import time
import urllib.request
import warnings

warnings.simplefilter("ignore")

import awscli
import awscli.clidriver


def driver(args):
    create = awscli.clidriver.create_clidriver
    return create(args) if create.__code__.co_argcount else create()


def run(args):
    """The exit status and all output. The driver writes to the file descriptors."""
    with tempfile.TemporaryFile() as output:
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(output.fileno(), number)
            try:
                status = driver(args).main(args)
            except SystemExit as error:
                status = error.code
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for number, copy in zip((1, 2), kept):
                os.dup2(copy, number)
                os.close(copy)
        output.seek(0)
        return status or 0, output.read().decode(errors="replace")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def get(url):
    with urllib.request.urlopen(url) as response:
        return response.read().decode()


READERS = {"cat": text_of, "get": get}


def command_of(line, values):
    line = re.sub(r"\$(\w+)", lambda found: values.get(found[1], found[0]), line)
    words = shlex.split(line)
    # Version 1 ignores the variable for SQS.
    return [*words, "--endpoint-url", os.environ["AWS_ENDPOINT_URL"]] if words[0] == "sqs" else words


LONGEST_WAIT_SECONDS = 120
REFUSAL = r"does not (implement|simulate)"


def check(line, values):
    """The problem with a line, or None."""
    is_refused = line.startswith("! ")
    line = re.sub(r"^(! |v2: |until: )", "", line)
    assigned = re.match(r"\$(\w+) = (.*)", line)
    command, _, pattern = (assigned[2] if assigned else line).partition(" ~ ")
    args = command_of(command, values) + (["--output", "text"] if assigned else [])
    status, output = (0, READERS[args[0]](args[1])) if args[0] in READERS else run(args)
    if assigned:
        values[assigned[1]] = output.strip()
    if is_refused:
        return None if status != 0 and re.search(REFUSAL, output) else f"is not refused: {output.strip()[:500]}"
    if status != 0:
        return f"status {status}: {output.strip()[:500]}"
    if not re.search(pattern.strip(), output):
        return f"{pattern.strip()!r} does not match {output.strip()[:500]}"
    return None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
    if awscli.__version__.startswith("1."):
        lines = [line for line in lines if not line.startswith("v2: ")]
    values = {"now": str(round(time.time() * 1000))}
    results = []
    for line in lines:
        if line.startswith("cloudformation deploy"):
            # It names its change set by the second, and another process would take longer to start.
            time.sleep(1)
        problem = check(line, values)
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while problem and line.startswith("until: ") and time.monotonic() < end:
            time.sleep(0.3)
            problem = check(line, values)
        results.append({"verb": line, **({"problem": problem} if problem else {})})
    print(json.dumps(results))


main()
