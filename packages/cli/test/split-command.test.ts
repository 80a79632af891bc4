import { describe, expect, test } from 'vitest';
import { splitCommand } from '../src/split-command.ts';

describe('splitCommand', () => {
  test.each([
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`a "b c" 'd "e"'`, ['a', 'b c', 'd "e"']],
    [`a"b c"d ''`, ['ab cd', '']],
    ['a\\ b "c\\"d\\e"', ['a b', 'c"d\\e']],
    [`'a\\b'`, ['a\\b']],
    ['$HOME/* {port}', ['$HOME/*', '{port}']],
  ])('splits %s as a shell does', (text, words) => {
    expect(splitCommand(text)).toEqual(words);
  });

  test.each(["'a", '"a\\"'])('rejects the open quote of %s', (text) => {
    expect(() => splitCommand(text)).toThrow('Close the quote.');
  });
});
