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

  test.each([[['--help']], [['-h']], [['local', '--help']]])('%j asks for help', (args) => {
    expect(readArguments(args)).toEqual({ command: 'help' });
  });

  test('--version asks for the version', () => {
    expect(readArguments(['--version'])).toEqual({ command: 'version' });
  });

  test.each([
    [[], 'A command is missing. There is one: local'],
    [['cloud'], 'Unknown command "cloud". There is one: local'],
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
    for (const option of ['assembly', 'stack', 'port', 'state', 'times', 'container', 'json', 'help', 'version']) {
      expect(USAGE).toContain(`--${option}`);
    }
  });
});
