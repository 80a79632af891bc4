import { describe, expect, test } from 'vitest';
import { splitCommand } from '../src/split-command.ts';

describe('a command', () => {
  test.each([
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`a "b c" 'd "e"'`, ['a', 'b c', 'd "e"']],
    [`a"b c"d ''`, ['ab cd', '']],
    ['a\\ b "c\\"d\\e"', ['a b', 'c"d\\e']],
    [`'a\\b'`, ['a\\b']],
    ['$HOME/* {port}', ['$HOME/*', '{port}']],
  ])('%s is split as a shell does', (text, words) => {
    expect(splitCommand(text)).toEqual(words);
  });

  test.each(["'a", '"a\\"'])('%s has an open quote', (text) => {
    expect(() => splitCommand(text)).toThrow('without its counterpart');
  });
});
