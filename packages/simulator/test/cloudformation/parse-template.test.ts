import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../src/cloudformation/parse-template.ts';

const resource = (properties: string) => parseTemplate(`Resources:\n  A:\n    Type: X\n    Properties: ${properties}`);

describe('a template in YAML', () => {
  it.each<[string, unknown]>([
    ['{ V: !Ref B }', { V: { Ref: 'B' } }],
    ["{ V: !Sub 'a-$B' }", { V: { 'Fn::Sub': 'a-$B' } }],
    ['{ V: !Sub [x, { y: !GetAtt B.Arn }] }', { V: { 'Fn::Sub': ['x', { y: { 'Fn::GetAtt': 'B.Arn' } }] } }],
    ['{ V: !If [C, !Ref B, !Ref AWS::NoValue] }', { V: { 'Fn::If': ['C', { Ref: 'B' }, { Ref: 'AWS::NoValue' }] } }],
    ['{ V: { Fn::Join: [ "-", [a, !Ref B] ] } }', { V: { 'Fn::Join': ['-', ['a', { Ref: 'B' }]] } }],
    ['{ V: !And [!Condition C, !Condition D] }', { V: { 'Fn::And': [{ Condition: 'C' }, { Condition: 'D' }] } }],
    ['{ Version: 2012-10-17, N: 3, Yes: yes, B: true }', { Version: '2012-10-17', N: 3, Yes: 'yes', B: true }],
  ])('reads %s', (text, expected) => {
    expect(resource(text).Resources.A?.Properties).toEqual(expected);
  });

  it.each([
    ['{ V: !Unknown x }', 'Unresolved tag: !Unknown'],
    ['{ V: [ }', 'YAML not well-formed'],
    ['{ V: *missing }', 'YAML not well-formed'],
  ])('refuses %s', (text, message) => {
    expect(() => resource(text)).toThrow(message);
  });

  it('refuses a text that would grow beyond its size', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    const text = `Mappings:\n  l0: &l0 [x]\n${levels.join('\n')}\nResources: { A: { Type: X } }`;
    expect(() => parseTemplate(text)).toThrow('Excessive alias count');
  });

  it.each(['text', '- 1', ''])('refuses %j, which is no template', (text) => {
    expect(() => parseTemplate(text)).toThrow('Template format error');
  });
});
