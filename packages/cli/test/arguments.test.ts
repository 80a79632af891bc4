import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { USAGE } from '../src/usage.ts';

describe('readArguments', () => {
  test('gives `freshpoint local` the documented defaults', () => {
    expect(readArguments(['local'])).toEqual({
      command: 'local',
      empty: false,
      watch: false,
      port: 4580,
      stateDir: '.freshpoint/local',
      times: 'fast',
      containers: [],
      format: 'text',
    });
  });

  test('reads every option of local', () => {
    const line = ['local', '--assembly', 'cdk.out', '--stack', 'A', '--stack=B', '--port', '0', '--persist', '/s'];
    const more = [
      '--watch',
      '--write-env',
      '.env',
      '--times',
      'realistic',
      '--container',
      '*/iris:1=python3 "my serve.py" {port}',
      '--json',
    ];
    expect(readArguments([...line, ...more])).toEqual({
      command: 'local',
      assembly: 'cdk.out',
      empty: false,
      watch: true,
      stacks: ['A', 'B'],
      port: 0,
      stateDir: '.freshpoint/local',
      persistDir: '/s',
      envFile: '.env',
      times: 'realistic',
      containers: [{ image: '*/iris:1', command: ['python3', 'my serve.py', '{port}'] }],
      format: 'json',
    });
  });

  test('ends an image at the first =', () => {
    expect(readArguments(['local', '--container', 'i=env A=1 run'])).toMatchObject({
      containers: [{ image: 'i', command: ['env', 'A=1', 'run'] }],
    });
  });

  test('reads history and rollback with an endpoint', () => {
    expect(readArguments(['history'])).toEqual({ command: 'history', endpoint: undefined, format: 'text' });
    expect(readArguments(['history', 'A/B', '--json'])).toEqual({
      command: 'history',
      endpoint: 'A/B',
      format: 'json',
    });
    expect(readArguments(['rollback', 'A/B', '--to', '12AB', '--reason', 'why', '--no-wait'])).toEqual({
      ...{ command: 'rollback', endpoint: 'A/B', to: '12AB', reason: 'why', wait: false, format: 'text' },
    });
  });

  test.each([[['--help']], [['-h']], [['local', '--help']], [['history', '--help']], [['rollback', '-h']]])(
    'reads %j as a request for help',
    (args) => {
      expect(readArguments(args)).toEqual({ command: 'help' });
    },
  );

  test('reads the verbs of a person on call, with profile and region', () => {
    const account = { profile: 'oncall', region: 'eu-west-1', format: 'text' };
    const read = (...args: string[]) => readArguments([...args, '--profile', 'oncall', '--region', 'eu-west-1']);
    expect(read('status')).toEqual({ command: 'status', ...account });
    expect(read('explain', 'iris')).toEqual({ command: 'explain', endpoint: 'iris', ...account });
    expect(read('suspend', 'A/B', '--reason', 'why')).toMatchObject({ command: 'suspend', reason: 'why' });
    expect(read('refresh', 'A/B', '--force')).toMatchObject({ command: 'refresh', force: true });
    expect(readArguments(['check', 'a.tar.gz', 'b.tar.gz'])).toEqual({
      ...{ command: 'check', files: ['a.tar.gz', 'b.tar.gz'], format: 'text' },
    });
  });

  test('reads --version', () => {
    expect(readArguments(['--version'])).toEqual({ command: 'version' });
  });

  test.each([
    [[], /^Missing command. Available commands: status, explain, watch, history, rollback/],
    [['cloud'], /^Unknown command "cloud". Available commands: status, /],
    [['rollback'], 'Missing endpoint. Run `freshpoint status` to list endpoints.'],
    [['rollback', 'A/B', 'C/D'], 'Unexpected argument "C/D". Options begin with --.'],
    [['rollback', 'A/B', '--to', '123'], '--to is "123", expected at least 4 hex digits of a revision.'],
    [['rollback', 'A/B', '--to', 'xyz1'], '--to is "xyz1", expected at least 4 hex digits of a revision.'],
    [['rollback', 'A/B', '--reason', 'a'.repeat(301)], '--reason has 301 characters, expected at most 300.'],
    [['rollback', 'A/B', '--port', '1'], 'freshpoint rollback has no option --port.'],
    [['history', '--to', '1234'], 'freshpoint history has no option --to.'],
    [['history', '/freshpoint/A/B'], /^The endpoint is "\/freshpoint\/A\/B", expected <stack>/],
    [['local', '--no-wait'], 'freshpoint local has no option --no-wait.'],
    [['local', 'cdk.out'], 'Unexpected argument "cdk.out". Options begin with --.'],
    [['local', '--port', '-1'], /port/],
    [['local', '--port', '65536'], '--port is "65536", expected 0 to 65535.'],
    [['local', '--port', '1e3'], '--port is "1e3", expected 0 to 65535.'],
    [['local', '--times', 'slow'], '--times is "slow", expected fast or realistic.'],
    [
      ['local', '--empty', '--watch'],
      '--empty deploys nothing: it cannot be used with --assembly, --stack or --watch.',
    ],
    [['local', '--persist', 'a', '--state', 'b'], '--persist keeps all state in its folder: it cannot be used'],
    [['local', '--container', 'image'], /^--container is "image", expected <image>=<command>/],
    [['local', '--container', '=run'], /^--container is "=run"/],
    [['local', '--container', 'i= '], /^--container is "i= "/],
    [['local', '--container', 'i=a "b'], 'The command a "b has an unclosed ". Close the quote.'],
    [['check'], 'Missing file. Name the model archives to check.'],
    [['check', 'a', '--region', 'b'], 'freshpoint check has no option --region.'],
    [['watch'], 'Missing endpoint. Run `freshpoint status` to list endpoints.'],
    [['status', 'A/B', '--force'], 'freshpoint status has no option --force.'],
    [['local', '--bogus'], /^Unknown option '--bogus'/],
  ])('rejects %j and says what was expected', (args, message) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ name: 'UsageError' }));
    expect(() => readArguments(args)).toThrow(message);
  });

  test('is documented in full by --help', () => {
    const local = ['assembly', 'stack', 'port', 'state', 'times', 'container'];
    for (const option of [
      ...local,
      'to',
      'reason',
      'no-wait',
      'force',
      'profile',
      'region',
      'json',
      'help',
      'version',
    ]) {
      expect(USAGE).toContain(`--${option}`);
    }
  });

  test('documents no option that Node takes for itself behind npx', () => {
    const documented = [...USAGE.matchAll(/^ +(--[\w-]+) /gm)].flatMap(([, option = '']) => [option, 'missing']);
    const script = fileURLToPath(new URL('../src/usage.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, ...documented], { encoding: 'utf8' });
    expect([documented.length > 20, status, stderr]).toEqual([true, 0, '']);
  });
});
