import { describe, expect, test } from 'vitest';
import { readArguments, USAGE } from '../src/arguments.ts';

describe('the arguments', () => {
  test('of a bare `freshpoint local` have the documented defaults', () => {
    expect(readArguments(['local'])).toEqual({
      command: 'local',
      port: 4580,
      stateDir: '.freshpoint/local',
      times: 'fast',
      containers: [],
      json: false,
    });
  });

  test('take every option', () => {
    const line = ['local', '--assembly', 'cdk.out', '--stack', 'A', '--stack=B', '--port', '0', '--state', '/s'];
    const more = ['--times', 'realistic', '--container', '*/iris:1=python3 "my serve.py" {port}', '--json'];
    expect(readArguments([...line, ...more])).toEqual({
      command: 'local',
      assembly: 'cdk.out',
      stacks: ['A', 'B'],
      port: 0,
      stateDir: '/s',
      times: 'realistic',
      containers: [{ image: '*/iris:1', command: ['python3', 'my serve.py', '{port}'] }],
      json: true,
    });
  });

  test('split a command at the first = only', () => {
    expect(readArguments(['local', '--container', 'i=env A=1 run'])).toMatchObject({
      containers: [{ image: 'i', command: ['env', 'A=1', 'run'] }],
    });
  });

  test('of history and back name an endpoint', () => {
    expect(readArguments(['history'])).toEqual({ command: 'history', endpoint: undefined, json: false });
    expect(readArguments(['history', 'A/B', '--json'])).toEqual({ command: 'history', endpoint: 'A/B', json: true });
    expect(readArguments(['rollback', 'A/B', '--to', '12AB', '--reason', 'why', '--no-wait'])).toEqual({
      ...{ command: 'rollback', endpoint: 'A/B', to: '12AB', reason: 'why', wait: false, json: false },
    });
  });

  test.each([[['--help']], [['-h']], [['local', '--help']], [['history', '--help']], [['rollback', '-h']]])(
    '%j asks for help',
    (args) => {
      expect(readArguments(args)).toEqual({ command: 'help' });
    },
  );

  test('--version asks for the version', () => {
    expect(readArguments(['--version'])).toEqual({ command: 'version' });
  });

  test.each([
    [[], 'A command is missing. There are: local, history, back'],
    [['cloud'], 'Unknown command "cloud". There are: local, history, back'],
    [['rollback'], 'Which endpoint? freshpoint history lists them'],
    [['rollback', 'A/B', 'C/D'], 'Unexpected argument "C/D"; options begin with --'],
    [['rollback', 'A/B', '--to', 'xyz1'], '--to is "xyz1", expected at least 4 hex digits of a revision'],
    [['rollback', 'A/B', '--reason', 'a'.repeat(301)], '--reason has 301 characters, expected at most 300'],
    [['rollback', 'A/B', '--port', '1'], '--port is no option of freshpoint rollback'],
    [['history', '--to', '1234'], '--to is no option of freshpoint history'],
    [['history', '/freshpoint/A/B'], /is no endpoint, expected <stack>/],
    [['local', '--no-wait'], '--no-wait is no option of freshpoint local'],
    [['local', 'cdk.out'], 'Unexpected argument "cdk.out"; options begin with --'],
    [['local', '--port', '-1'], /port/],
    [['local', '--port', '65536'], '--port is "65536", expected 0 to 65535'],
    [['local', '--port', '1e3'], '--port is "1e3", expected 0 to 65535'],
    [['local', '--times', 'slow'], '--times is "slow", expected fast or realistic'],
    [['local', '--stack', 'A'], '--stack needs --assembly'],
    [['local', '--container', 'image'], /^--container is "image", expected <image>=<command>/],
    [['local', '--container', '=run'], /^--container is "=run"/],
    [['local', '--container', 'i= '], /^--container is "i= "/],
    [['local', '--container', 'i=a "b'], 'The command a "b has a " without its counterpart'],
    [['local', '--bogus'], /^Unknown option '--bogus'/],
  ])('%j are refused, with what to do', (args, message) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ name: 'UsageError' }));
    expect(() => readArguments(args)).toThrow(message);
  });

  test('are all in the usage', () => {
    const local = ['assembly', 'stack', 'port', 'state', 'times', 'container'];
    for (const option of [...local, 'to', 'reason', 'no-wait', 'json', 'help', 'version']) {
      expect(USAGE).toContain(`--${option}`);
    }
  });
});
