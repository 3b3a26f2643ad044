import { expect, test } from 'vitest';
import { printFacts, printTable } from '../output.ts';
import { printLine } from './print-story.ts';
import { showControlsOfLines } from './show-controls.ts';

const hostile = 'why\u001b[2J\u001b]52;c;eA==\u0007\r\n  9.9 s  run  a line that nobody wrote\u009b31m\u202e';

test('what a stranger wrote gives the terminal no orders and no lines of its own', () => {
  const texts: string[] = [];
  const screen = { write: (text: string) => void texts.push(text), color: false };
  printLine(screen, 0, { label: 'run', text: hostile, tone: 'plain' });
  printTable(screen, ['reason'], [[hostile]]);
  printFacts(screen, [[hostile, hostile]]);
  const written = texts.join('');
  expect(written).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  expect(written.split('\n')).toHaveLength(5);
  expect(written).toContain('why\\u001b[2J');
});

test('a body keeps its lines', () => {
  expect(showControlsOfLines('{\n"a": "\u001b[1m"}')).toBe('{\n"a": "\\u001b[1m"}');
});
